// The settings without a default, for `--help`. A test compares them with the schema of the settings.

export const requiredSettingsHelp = `Settings that have no default (README.md lists all of them)
  AUTH_ISSUERS             Issuers of access tokens, comma-separated URLs.
  AUTH_AUDIENCE            The aud that a token must carry.
  AEROSPIKE_CLIENT_ID      The service credential. Add _FILE to either name to
  AEROSPIKE_CLIENT_SECRET  name a file that holds it instead.
  POLICY_FILE              The policy, YAML or JSON.
`;
