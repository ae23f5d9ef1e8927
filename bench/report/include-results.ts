// Puts sections of the result files into the places that a document has for them, so that no figure is ever copied by
// hand. A place without a result says so.

/** `<!-- figures: FILE, HEADING -->`, whatever stands there now, `<!-- end of figures -->`. */
const place = /(<!-- figures: (\S+), ([^>]+?) -->\n)[\s\S]*?(<!-- end of figures -->)/g;

const notMeasured = 'Not measured yet.';

/** `read` gives a result file's text, or `undefined` when there is none. */
export function includeResults(document: string, read: (file: string) => string | undefined): string {
  return document.replaceAll(place, (_all, open: string, file: string, heading: string, close: string) => {
    const text = read(file);
    return `${open}\n${text === undefined ? notMeasured : sectionOf(text, heading, file)}\n\n${close}`;
  });
}

/** What stands under the heading, without it; for `top`, the paragraphs before the first one of the second rank. */
function sectionOf(text: string, heading: string, file: string): string {
  const [top = '', ...sections] = text.split(/^## /m);
  const found = heading === 'top' ? top : sections.find((section) => section.startsWith(`${heading}\n`));
  if (found === undefined) throw new Error(`${file} has no section "${heading}"`);
  return found
    .slice(found.indexOf('\n'))
    .replaceAll(/^!\[[^\n]*\n?/gm, '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}
