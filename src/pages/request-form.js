// The form: what is asked, given as fields or as JSON, and a note beside whatever is wrong with it. What is pasted as JSON
// is sent as it stands, so that its faults are the gateway's to find.
const byId = (id) => document.getElementById(id);

/** The members of a create, by their names in the contract. */
const texts = ['vpcId', 'cidrBlock', 'accountId', 'region'];
const members = [...texts, 'isSecureConnection'];

export const isJson = () => byId('by-json').checked;

/** The body as text, and the id of the cluster. A field that is empty is left out: the gateway says what is missing. */
export function readCreate() {
  if (isJson()) return readJson();
  const given = texts.map((name) => [name, byId(name).value.trim()]).filter(([, value]) => value !== '');
  const values = [...given, ['isSecureConnection', byId('isSecureConnection').checked]];
  return { clusterId: byId('clusterId').value.trim(), body: JSON.stringify(Object.fromEntries(values)) };
}

function readJson() {
  const text = byId('body').value;
  const parsed = objectIn(text);
  if (typeof parsed?.clusterId !== 'string') return { clusterId: byId('clusterId').value.trim(), body: text };
  const { clusterId, ...rest } = parsed;
  byId('clusterId').value = clusterId;
  return { clusterId, body: JSON.stringify(rest) };
}

function objectIn(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Shows the fields or the JSON, and takes over what is in the other, as far as it has the right types. */
export function switchForm() {
  const json = isJson();
  if (json) {
    if (byId('body').value.trim() === '' && texts.some((name) => byId(name).value.trim() !== ''))
      byId('body').value = JSON.stringify(JSON.parse(fieldsAsJson()), null, 2);
  } else fillIn(objectIn(byId('body').value) ?? {});
  byId('json').hidden = !json;
  byId('fields').hidden = json;
  clearNotes();
}

const fieldsAsJson = () =>
  JSON.stringify(
    Object.fromEntries([
      ...texts.map((name) => [name, byId(name).value.trim()]),
      ['isSecureConnection', byId('isSecureConnection').checked],
    ]),
  );

function fillIn(values) {
  for (const name of [...texts, 'clusterId'])
    if (typeof values[name] === 'string') byId(name).value = values[name];
  if (typeof values.isSecureConnection === 'boolean')
    byId('isSecureConnection').checked = values.isSecureConnection;
}

/**
 * The control that a fault is about, by the fault's JSON Pointer, or `undefined`. The empty pointer is the caller in a
 * violation and the body in a fault.
 */
export function controlFor(pointer, about) {
  if (pointer === '/clusterId') return byId('clusterId');
  if (pointer === '' && about === 'violation') return byId('token');
  if (isJson()) return byId('body');
  const name = pointer.slice(1);
  return members.includes(name) ? byId(name) : undefined;
}

/** Puts a note beside a control, and says that something is wrong with it to whoever cannot see the note. */
export function addNote(control, note) {
  control.setAttribute('aria-invalid', 'true');
  byId(`note-${control.id}`).append(note);
}

export function clearNotes() {
  for (const note of document.querySelectorAll('.note')) note.replaceChildren();
  for (const control of document.querySelectorAll('[aria-invalid]')) control.removeAttribute('aria-invalid');
}
