// Signing in, one's account, keys and sessions, with Immich's own SDK.
import assert from 'node:assert/strict';
import test from 'node:test';
import * as sdk from '@immich/sdk';
import { soon } from './soon.mjs';

const { HOST_URL, EMAIL, PASSWORD } = process.env;

const signedIn = async () => {
  const login = await sdk.login({ loginCredentialDto: { email: EMAIL, password: PASSWORD } });
  return { login, options: { headers: { Authorization: `Bearer ${login.accessToken}` } } };
};

const refused = async (promise, status, message) => {
  const error = await promise.then(() => assert.fail('was not refused'), (reason) => reason);
  assert.ok(sdk.isHttpError(error), String(error));
  assert.equal(error.status, status);
  if (message instanceof RegExp) assert.match(error.data.message, message);
  else assert.equal(error.data.message, message);
  assert.ok(error.headers.get('x-correlation-id'));
  return error;
};

sdk.setBaseUrl(`${HOST_URL}/api`);

test('what anybody may know', async () => {
  assert.deepEqual(await sdk.pingServer(), { res: 'pong' });
  const version = await sdk.getServerVersion();
  assert.deepEqual([version.major, version.minor, version.patch], [3, 2, 2]);
  const config = await sdk.getServerConfig();
  assert.equal(config.isInitialized, true);
  assert.equal(config.trashDays, 30);
  const features = await sdk.getServerFeatures();
  assert.equal(features.passwordLogin, true);
  assert.equal(features.sidecar, true);
  assert.equal(features.trash, true);
  const types = await sdk.getSupportedMediaTypes();
  assert.ok(types.image.includes('.heic') && types.video.includes('.mp4') && types.sidecar.includes('.xmp'));
  const open = await sdk.getPublicConfig();
  assert.equal(open.passwordLogin.enabled, true);
});

test('login, the account, preferences', async () => {
  const { login, options } = await signedIn();
  assert.equal(login.userEmail, EMAIL);
  assert.equal(login.isAdmin, false);
  const me = await sdk.getMyUser(options);
  assert.equal(me.id, login.userId);
  assert.equal(me.email, EMAIL);
  assert.equal((await sdk.getMyPreferences(options)).memories.enabled, true);
  const changed = await sdk.updateMyUser({ userUpdateMeDto: { name: 'Zoë Ångström' } }, options);
  assert.equal(changed.name, 'Zoë Ångström');
  await soon(async () => assert.equal((await sdk.getMyUser(options)).name, 'Zoë Ångström'));
  const preferences = { tags: { enabled: true } };
  await sdk.updateMyPreferences({ userPreferencesUpdateDto: preferences }, options);
  await soon(async () => assert.equal((await sdk.getMyPreferences(options)).tags.enabled, true));
  assert.deepEqual(await sdk.validateAccessToken(options), { authStatus: true });
  assert.match((await sdk.getAboutInfo(options)).version, /3\.2\.2/);
  assert.ok((await sdk.getStorage(options)).diskSizeRaw > 0);
});

test('what the web page asks while it loads has an answer, be it an empty one', async () => {
  const { options } = await signedIn();
  const [version] = await sdk.getVersionHistory();
  assert.ok(version.version);
  const empty = await Promise.all([
    sdk.getNotifications({}, options),
    sdk.searchMemories({}, options),
    sdk.getPartners({ direction: sdk.PartnerDirection.SharedWith }, options),
    sdk.getAllTags(options),
    sdk.searchStacks({}, options),
    sdk.getAssetDuplicates(options),
    sdk.getMapMarkers({}, options),
    sdk.getTimeBuckets({ visibility: sdk.AssetVisibility.Timeline, withPartners: true, withStacked: true }, options),
  ]);
  assert.deepEqual(empty, empty.map(() => []));
  const people = await sdk.getAllPeople({}, options);
  assert.deepEqual(people, { people: [], total: 0, hidden: 0, hasNextPage: false });
  assert.deepEqual((await sdk.getExploreData(options)).flatMap(({ items }) => items), []);
  assert.deepEqual((await sdk.getUserConfig(options)).trash, { days: 30, enabled: true });
});

test('keys: made, narrowed, removed', async () => {
  const { options } = await signedIn();
  const made = await sdk.createApiKey(
    { apiKeyCreateDto: { name: 'camera', permissions: [sdk.Permission.UserRead, sdk.Permission.ApiKeyRead] } },
    options,
  );
  const withKey = (secret) => ({ headers: { 'x-api-key': secret } });
  assert.equal((await sdk.getMyApiKey(withKey(made.secret))).id, made.id);
  assert.equal((await sdk.getMyUser(withKey(made.secret))).email, EMAIL);
  await refused(
    sdk.getTimeBuckets({}, withKey(made.secret)), 403, 'Missing required permission: asset.read',
  );
  await sdk.updateApiKey({ id: made.id, apiKeyUpdateDto: { permissions: [sdk.Permission.AssetRead] } }, options);
  await soon(async () => assert.deepEqual(await sdk.getTimeBuckets({}, withKey(made.secret)), []));
  await soon(() => refused(sdk.getMyUser(withKey(made.secret)), 403, 'Missing required permission: user.read'));
  assert.deepEqual((await sdk.getApiKeys(options)).map(({ id }) => id), [made.id]);
  await sdk.deleteApiKey({ id: made.id }, options);
  await soon(() => refused(sdk.getTimeBuckets({}, withKey(made.secret)), 401, 'Invalid API key'));
});

test('sessions: listed, ended, signed out', async () => {
  const first = await signedIn();
  const second = await signedIn();
  const sessions = await sdk.getSessions(second.options);
  assert.equal(sessions.filter(({ current }) => current).length, 1);
  const own = (await sdk.getSessions(first.options)).find(({ current }) => current);
  await sdk.deleteSession({ id: own.id }, second.options);
  await soon(() => refused(sdk.getMyUser(first.options), 401, 'Invalid user token'));
  const { successful } = await sdk.logout(second.options);
  assert.equal(successful, true);
  await soon(() => refused(sdk.getMyUser(second.options), 401, 'Invalid user token'));
});

test('errors say what was wrong', async () => {
  const wrong = { loginCredentialDto: { email: EMAIL, password: 'wrong' } };
  await refused(sdk.login(wrong), 401, 'Incorrect email or password');
  await refused(sdk.getMyUser(), 401, 'Authentication required');
  const { options } = await signedIn();
  await refused(sdk.getAdminConfig(options), 403, 'Forbidden');
  const unknown = '7d9c2f5e-8a43-4b6e-9f10-3c2b1a0d9e8f';
  await refused(sdk.getAssetInfo({ id: unknown }, options), 400, 'Not found or no asset.read access');
  const malformed = await refused(sdk.getAssetInfo({ id: 'seven' }, options), 400, 'Validation failed');
  assert.deepEqual(malformed.data.errors[0].path, ['id']);
  assert.equal(malformed.data.errors[0].message, 'Invalid UUID');
});
