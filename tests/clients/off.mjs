// What Immich's own SDK does whatever plugins are off: nothing of it may depend on any of them.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import * as sdk from '@immich/sdk';
import { soon } from './soon.mjs';

const { HOST_URL, EMAIL, PASSWORD, PHOTO } = process.env;
sdk.setBaseUrl(`${HOST_URL}/api`);
const login = await sdk.login({ loginCredentialDto: { email: EMAIL, password: PASSWORD } });
sdk.setHeaders({ Authorization: `Bearer ${login.accessToken}` });

const photo = await readFile(PHOTO);
const at = '2022-08-09T10:11:12.345Z';
const form = { assetData: new File([photo], 'off.jpg'), fileCreatedAt: at, fileModifiedAt: at };

test('the pages of the web client load', async () => {
  assert.equal((await sdk.getMyUser()).email, EMAIL);
  for (const value of Object.values(await sdk.getServerFeatures())) assert.equal(typeof value, 'boolean');
  const lists = await Promise.all([
    sdk.getNotifications({}),
    sdk.searchMemories({}),
    sdk.getPartners({ direction: sdk.PartnerDirection.SharedWith }),
    sdk.getAllTags(),
    sdk.searchStacks({}),
    sdk.getAssetDuplicates(),
    sdk.getMapMarkers({}),
    sdk.getTimeBuckets({ visibility: sdk.AssetVisibility.Timeline, withPartners: true, withStacked: true }),
    sdk.getExploreData(),
  ]);
  for (const list of lists) assert.ok(Array.isArray(list));
  assert.ok(Array.isArray((await sdk.getAllPeople({})).people));
});

test('a photo goes up, is there, is changed and goes', async () => {
  const { id, status } = await sdk.uploadAsset({ assetMediaCreateDto: form });
  assert.equal(status, sdk.AssetMediaStatus.Created);
  assert.deepEqual(await sdk.uploadAsset({ assetMediaCreateDto: form }), { id, status: 'duplicate' });
  const inTimeline = async () => {
    const ids = [];
    for (const { timeBucket } of await sdk.getTimeBuckets({ visibility: sdk.AssetVisibility.Timeline }))
      ids.push(...(await sdk.getTimeBucket({ timeBucket })).id);
    return ids.includes(id);
  };
  assert.ok(await inTimeline());
  const original = await sdk.downloadAsset({ id });
  assert.deepEqual(Buffer.from(await original.arrayBuffer()), photo);
  const updateAssetDto = { description: 'Aus', isFavorite: true };
  const changed = await sdk.updateAsset({ id, updateAssetDto });
  assert.deepEqual([changed.exifInfo.description, changed.isFavorite], ['Aus', true]);
  const archive = await sdk.downloadArchive({ downloadArchiveDto: { assetIds: [id] } });
  assert.ok(archive.size > photo.length);
  await sdk.deleteAssets({ assetBulkDeleteDto: { ids: [id] } });
  await soon(async () => assert.equal(await inTimeline(), false));
  assert.deepEqual(await sdk.restoreAssets({ bulkIdsDto: { ids: [id] } }), { count: 1 });
  await sdk.deleteAssets({ assetBulkDeleteDto: { ids: [id], force: true } });
  await soon(() => assert.rejects(sdk.getAssetInfo({ id }), (error) => error.status === 400));
});
