// Shows this gateway's own contract in Swagger UI, in light or dark as the browser is. It may ask what only reads; what
// writes is tried as a dry run on the policy page.
const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();

globalThis.SwaggerUIBundle({
  url: new URL('openapi.json', location.href).href,
  domNode: document.getElementById('contract'),
  deepLinking: true,
  // The rest would hide below a model that nobody has opened.
  defaultModelsExpandDepth: 0,
  // Otherwise the document's address goes to a validator on the internet.
  validatorUrl: null,
  // Otherwise a link to this page could name another document, and with it other hosts.
  queryConfigEnabled: false,
  persistAuthorization: false,
  supportedSubmitMethods: ['get'],
});
