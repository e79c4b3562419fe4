window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: "/api/schema",
    dom_id: "#docs",
    deepLinking: true,
    displayRequestDuration: true,
    filter: true,
    persistAuthorization: true,
    tryItOutEnabled: true,
    validatorUrl: null,
  });
});
