// Writes the pages of docs/ that are made from code: `npm run schema`, after a change of a setting or an error.
import { writeFileSync } from 'node:fs';
import { errorsPage } from './errors-page.ts';
import { settingsPage } from './settings-page.ts';

writeFileSync(new URL('../docs/settings.md', import.meta.url), settingsPage());
writeFileSync(new URL('../docs/errors.md', import.meta.url), errorsPage());
