// Takes the place of `src/http/docs/documents.ts`: there are no pages.

export const readDocuments = () => Promise.resolve(new Map<string, never>());
