// Shows this gateway's own contract in Swagger UI, in light or dark as the browser is: the operations first, the prose behind.
// It may ask what only reads; what writes is tried as a dry run on the policy page.
import { forReading } from './contract-view.js';

const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();

/** Puts the prose behind everything else, and has Swagger UI draw the shortened document. */
function proseBehind() {
  let prose = '';
  return {
    statePlugins: {
      spec: {
        wrapActions: {
          updateJsonSpec: (update) => (contract) => {
            // It is called for what is no contract, too, such as an answer that could not be read.
            if (contract?.components === undefined) return update(contract);
            const view = forReading(contract);
            prose = view.prose;
            return update(view.document);
          },
        },
      },
    },
    wrapComponents: {
      BaseLayout: (Layout, system) => (props) => {
        const { React, getComponent } = system;
        const Markdown = getComponent('Markdown', true);
        const make = React.createElement;
        const text = make('div', { className: 'wrapper' }, make(Markdown, { source: prose }));
        const section = make('section', { className: 'swagger-ui prose', 'aria-label': 'About' }, text);
        return make('div', null, make(Layout, props), section);
      },
    },
  };
}

globalThis.SwaggerUIBundle({
  url: new URL('openapi.json', location.href).href,
  domNode: document.getElementById('contract'),
  plugins: [proseBehind],
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
