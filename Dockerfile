# One image for every role: the command says which (`serve`, `worker`, `migrate`, ...).
FROM python:3.13-slim AS build
WORKDIR /app
# Only what decides the environment, so that this layer stands until a locked version changes.
COPY requirements.lock ./
COPY marketplace/__init__.py marketplace/__main__.py marketplace/bootstrap.py marketplace/
RUN python -c "from marketplace import bootstrap; bootstrap.prepare({'run'})" && rm -rf .data
COPY piccolo_conf.py ./
COPY piccolo_migrations piccolo_migrations
COPY marketplace marketplace
# Whatever the umask of the checkout was, the service may read its code, and write none of it.
RUN chmod -R a+rX,go-w . && .venv/bin/python -m compileall -q marketplace piccolo_migrations

FROM python:3.13-slim
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin marketplace && install -d -o marketplace /data
COPY --from=build /app /app
WORKDIR /app
USER marketplace
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 MARKETPLACE_ENV=production MARKETPLACE_HOME=/data MARKETPLACE_HOST=0.0.0.0
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
ENTRYPOINT ["python", "-P", "-m", "marketplace"]
CMD ["serve"]
