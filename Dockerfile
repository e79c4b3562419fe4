# Everything that is installed is in requirements.lock, by version and hash.
FROM python:3.13-slim AS build
RUN pip install --no-cache-dir uv==0.13.8
WORKDIR /app
COPY requirements.lock .
RUN uv venv .venv && uv pip sync --python .venv/bin/python --require-hashes --compile-bytecode requirements.lock
COPY pyproject.toml piccolo_conf.py ./
COPY piccolo_migrations piccolo_migrations
COPY marketplace marketplace
RUN .venv/bin/python -m compileall -q marketplace piccolo_migrations

FROM python:3.13-slim
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin marketplace && install -d -o marketplace /data
COPY --from=build --chown=root:root /app /app
WORKDIR /app
USER marketplace
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 MARKETPLACE_ENV=production MARKETPLACE_HOME=/data MARKETPLACE_HOST=0.0.0.0
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
ENTRYPOINT ["python", "-m", "marketplace.cli"]
CMD ["serve"]
