// The settings without a default, for `--help`. A test compares them with the schema of the settings.

export const requiredSettingsHelp = `Settings that have no default (docs/settings.md has all of them)
  AEROSPIKE_CLIENT_ID      The service credential. Add _FILE to either name to
  AEROSPIKE_CLIENT_SECRET  name a file that holds it instead.
  POLICY_FILE              The policy, YAML or JSON.
Whose access tokens are accepted
  AUTH_ISSUERS (comma-separated URLs) and AUTH_AUDIENCE (the aud that a token
  must carry), or AUTH_ISSUERS_FILE for issuers that differ.
`;
