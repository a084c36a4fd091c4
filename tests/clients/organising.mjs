// Tags and stacks with Immich's own SDK and the sockets that its web page uses.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after } from 'node:test';
import * as sdk from '@immich/sdk';
import { io } from 'socket.io-client';
import { soon } from './soon.mjs';

const { HOST_URL, TOKEN, PHOTOS } = process.env;
const headers = { Authorization: `Bearer ${TOKEN}` };
sdk.setBaseUrl(`${HOST_URL}/api`);
sdk.setHeaders(headers);

const socket = io(HOST_URL, { path: '/api/socket.io', transports: ['websocket'], extraHeaders: headers });
after(() => socket.disconnect());

const heard = (event) =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${event} did not come`)), 20_000);
    socket.once(event, (payload) => {
      clearTimeout(late);
      resolve(payload);
    });
  });

const ids = [];

test('photos are there', async () => {
  await heard('on_server_version');
  for (const name of (await readdir(PHOTOS)).sort()) {
    const assetData = new File([await readFile(join(PHOTOS, name))], name);
    const fileCreatedAt = `2024-05-01T10:00:0${ids.length}.000Z`;
    const { id } = await sdk.uploadAsset({ assetMediaCreateDto: { assetData, fileCreatedAt, fileModifiedAt: fileCreatedAt } });
    ids.push(id);
  }
  assert.equal(ids.length, 4);
});

test('tags: made, given, found, renamed, gone', async () => {
  const [deep, flat] = await sdk.upsertTags({ tagUpsertDto: { tags: ['Trips/Alps', 'Family'] } });
  assert.deepEqual((await sdk.getAllTags()).map(({ value }) => value), ['Family', 'Trips', 'Trips/Alps']);
  const coloured = await sdk.updateTag({ id: flat.id, tagUpdateDto: { color: '#123456' } });
  assert.equal(coloured.color, '#123456');
  const given = await sdk.tagAssets({ id: deep.id, bulkIdsDto: { ids: [ids[0], ids[0]] } });
  assert.deepEqual(given, [{ id: ids[0], success: true }, { id: ids[0], success: false, error: 'duplicate' }]);
  const { count } = await sdk.bulkTagAssets({ tagBulkAssetsDto: { tagIds: [deep.id, flat.id], assetIds: ids.slice(0, 2) } });
  assert.equal(count, 3);
  const timeline = await sdk.getTimeBuckets({ tagId: deep.parentId });
  assert.deepEqual(timeline.map(({ count }) => count), [2]);
  const found = await sdk.searchAssets({ metadataSearchDto: { tagIds: [flat.id] } });
  assert.equal(found.assets.total, 2);
  await sdk.updateTag({ id: deep.parentId, tagUpdateDto: { name: 'Travel' } });
  const { tags } = await sdk.getAssetInfo({ id: ids[0] });
  assert.deepEqual(tags.map(({ value }) => value), ['Family', 'Travel/Alps']);
  await soon(async () => {
    const [file] = await sdk.searchAssetFiles({ assetId: ids[0], $type: sdk.AssetFileType.Sidecar });
    assert.match(await (await sdk.downloadAssetFile({ id: file.id })).text(), /Travel\/Alps/);
  });
  assert.deepEqual(await sdk.untagAssets({ id: flat.id, bulkIdsDto: { ids: [ids[3]] } }), [{ id: ids[3], success: false, error: 'not_found' }]);
  await sdk.deleteTag({ id: deep.parentId });
  assert.deepEqual((await sdk.getAssetInfo({ id: ids[0] })).tags.map(({ id }) => id), [flat.id]);
});

test('stacks: made, turned, parted', async () => {
  const made = heard('on_asset_stack_update');
  const stack = await sdk.createStack({ stackCreateDto: { assetIds: [ids[1], ids[0], ids[2]] } });
  await made;
  assert.deepEqual(stack.assets.map(({ id }) => id), [ids[1], ids[0], ids[2]]);
  const timeline = { visibility: sdk.AssetVisibility.Timeline, withStacked: true };
  assert.deepEqual((await sdk.getTimeBuckets(timeline)).map(({ count }) => count), [2]);
  const turned = heard('on_asset_stack_update');
  await sdk.updateStack({ id: stack.id, stackUpdateDto: { primaryAssetId: ids[0] } });
  await turned;
  assert.deepEqual((await sdk.searchStacks({ primaryAssetId: ids[0] })).map(({ id }) => id), [stack.id]);
  await sdk.removeAssetFromStack({ id: stack.id, assetId: ids[2] });
  assert.deepEqual((await sdk.getAssetInfo({ id: ids[0] })).stack, { id: stack.id, primaryAssetId: ids[0], assetCount: 2 });
  const parted = heard('on_asset_stack_update');
  await sdk.deleteStack({ id: stack.id });
  await parted;
  assert.deepEqual((await sdk.getTimeBuckets(timeline)).map(({ count }) => count), [4]);
});
