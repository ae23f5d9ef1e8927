// `/docs/errors`: every problem that the gateway raises, by its code. Made at the start from the error table, so that no
// code lacks its place; holds nothing of any request.
import { type ErrorCode, errorRules, problemTitles } from '../../errors.ts';
import { errorGuide } from './error-guide.ts';

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const text = (value: string | number): string =>
  String(value).replace(/[&<>"]/g, (character) => escapes[character] as string);

function section(code: ErrorCode): string {
  const { status, type, detail } = errorRules[code];
  const { who, remedy } = errorGuide[code];
  return `      <section id="${text(code)}" class="card">
        <h2><a href="#${text(code)}"><code>${text(code)}</code></a></h2>
        <p>${text(status)} ${text(problemTitles[type])} · <code>${text(type)}</code></p>
        <dl class="facts">
          <div><dt>What happened</dt><dd>${text(detail)}</dd></div>
          <div><dt>Who can fix it</dt><dd>${text(who)}</dd></div>
          <div><dt>What to do</dt><dd>${text(remedy)}</dd></div>
        </dl>
      </section>`;
}

/** An HTML document. Its links are relative to `/docs/errors`. */
export const errorsPage = (): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Errors · peergate</title>
    <link rel="icon" href="icon.svg">
    <link rel="stylesheet" href="pages.css">
  </head>
  <body>
    <a class="skip" href="#errors">Skip to the errors</a>
    <header class="bar">
      <span class="brand">peergate</span>
      <nav aria-label="Pages">
        <a href="../docs">Contract</a>
        <a href="policy">Try the policy</a>
        <a href="peerings">Peerings</a>
        <a href="errors" aria-current="page">Errors</a>
        <a href="../openapi.json">openapi.json</a>
      </nav>
    </header>
    <main class="page" id="errors">
      <h1>Errors</h1>
      <p class="lead">What the gateway itself answers in place of Aerospike Cloud. The member <code>code</code> of a problem, and <code>details</code> in <code>Proxy-Status</code>, name the error.</p>
${(Object.keys(errorRules) as ErrorCode[]).map(section).join('\n')}
    </main>
  </body>
</html>
`;
