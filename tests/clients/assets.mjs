// An asset's life with Immich's own SDK and the sockets that its web page uses.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import test, { after } from 'node:test';
import * as sdk from '@immich/sdk';
import { io } from 'socket.io-client';

const { HOST_URL, TOKEN, PHOTO, SIDECAR } = process.env;
const headers = { Authorization: `Bearer ${TOKEN}` };
sdk.setBaseUrl(`${HOST_URL}/api`);
sdk.setHeaders(headers);

const socket = io(HOST_URL, { path: '/api/socket.io', transports: ['websocket'], extraHeaders: headers });
after(() => socket.disconnect());

// the payload of the next event that fits
const heard = (event, fits = () => true) =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${event} did not come`)), 20_000);
    socket.on(event, function listener(payload) {
      if (!fits(payload)) return;
      clearTimeout(late);
      socket.off(event, listener);
      resolve(payload);
    });
  });

const upload = (bytes, name, more = {}) =>
  sdk.uploadAsset({
    assetMediaCreateDto: {
      assetData: new File([bytes], name),
      fileCreatedAt: '2022-08-09T10:11:12.345Z',
      fileModifiedAt: '2022-08-09T10:11:12.345Z',
      ...more,
    },
  });

const photo = await readFile(PHOTO);
const checksum = createHash('sha1').update(photo).digest('base64');
let id;

test('the server says its version as soon as a socket opens', async () => {
  assert.equal((await heard('on_server_version')).major, 3);
});

test('an upload is told to the socket when its pictures are there', async () => {
  const ready = Promise.all([heard('on_upload_success'), heard('AssetUploadReadyV2')]);
  const beside = new File([await readFile(SIDECAR)], basename(SIDECAR));
  const answer = await upload(photo, 'Straße.jpg', { isFavorite: true, sidecarData: beside });
  assert.equal(answer.status, sdk.AssetMediaStatus.Created);
  id = answer.id;
  const [asset, forPhones] = await ready;
  assert.equal(asset.id, id);
  assert.ok(asset.thumbhash);
  assert.equal(forPhones.asset.id, id);
  assert.equal(forPhones.asset.checksum, checksum);
  assert.equal(forPhones.exif.assetId, id);
  assert.equal(forPhones.exif.description, 'Am Tejo');
});

test('what is known is not taken again', async () => {
  assert.deepEqual(await upload(photo, 'again.jpg'), { id, status: 'duplicate' });
  const form = { assetData: new File([photo], 'x.jpg'), fileCreatedAt: '2022-01-01T00:00:00Z', fileModifiedAt: '2022-01-01T00:00:00Z' };
  const early = await sdk.uploadAsset({ xImmichChecksum: checksum, assetMediaCreateDto: form });
  assert.deepEqual(early, { id, status: 'duplicate' });
  const assets = [{ id: '/Bilder/ä.jpg', checksum }, { id: 'new', checksum: 'f'.repeat(40) }];
  const { results } = await sdk.checkBulkUpload({ assetBulkUploadCheckDto: { assets } });
  const [known, fresh] = results;
  assert.deepEqual([known.id, known.action, known.reason, known.assetId], ['/Bilder/ä.jpg', 'reject', 'duplicate', id]);
  assert.deepEqual([fresh.id, fresh.action], ['new', 'accept']);
});

test('an asset as the API shows it, and changed', async () => {
  const asset = await sdk.getAssetInfo({ id });
  assert.equal(asset.originalFileName, 'Straße.jpg');
  assert.equal(asset.isFavorite, true);
  assert.equal(asset.exifInfo.description, 'Am Tejo');
  assert.equal(asset.exifInfo.rating, 5);
  const updateAssetDto = { description: 'Mit Aussicht', rating: 3, isFavorite: false };
  const changed = await sdk.updateAsset({ id, updateAssetDto });
  assert.deepEqual([changed.exifInfo.description, changed.exifInfo.rating, changed.isFavorite], ['Mit Aussicht', 3, false]);
  const items = [{ key: 'mobile-app', value: { iCloudId: 'A/B:1' } }];
  await sdk.updateAssetMetadata({ id, assetMetadataUpsertDto: { items } });
  const stored = await sdk.getAssetMetadataByKey({ id, key: 'mobile-app' });
  assert.deepEqual(stored.value, { iCloudId: 'A/B:1' });
  assert.equal((await sdk.getAssetStatistics({})).images, 1);
});

test('the timeline holds it', async () => {
  const [bucket, ...others] = await sdk.getTimeBuckets({ visibility: sdk.AssetVisibility.Timeline });
  assert.deepEqual(others, []);
  assert.deepEqual(bucket, { timeBucket: '2021-03-01', count: 1 });
  const columns = await sdk.getTimeBucket({ timeBucket: bucket.timeBucket, withCoordinates: true });
  assert.deepEqual(columns.id, [id]);
  assert.deepEqual(columns.isImage, [true]);
  assert.deepEqual(columns.ratio, [1.333]);
  assert.ok(Math.abs(columns.latitude[0] - 38.72) < 0.001);
});

test('its bytes come back', async () => {
  const original = await sdk.downloadAsset({ id });
  assert.deepEqual(Buffer.from(await original.arrayBuffer()), photo);
  for (const size of [sdk.AssetMediaSize.Thumbnail, sdk.AssetMediaSize.Preview]) {
    const picture = await sdk.viewAsset({ id, size });
    assert.match(picture.type, /^image\//);
    assert.ok(picture.size > 100);
  }
  const full = await sdk.viewAsset({ id, size: sdk.AssetMediaSize.Fullsize }); // sent on to the original
  assert.deepEqual(Buffer.from(await full.arrayBuffer()), photo);
  const files = await sdk.searchAssetFiles({ assetId: id });
  assert.deepEqual(files.map(({ type }) => type).sort(), ['preview', 'sidecar', 'thumbnail']);
  const beside = files.find(({ type }) => type === sdk.AssetFileType.Sidecar);
  assert.match(await (await sdk.downloadAssetFile({ id: beside.id })).text(), /<x:xmpmeta/);
  const info = await sdk.getDownloadInfo({ downloadInfoDto: { assetIds: [id] } });
  assert.deepEqual(info.archives[0].assetIds, [id]);
  const archive = await sdk.downloadArchive({ downloadArchiveDto: { assetIds: [id] } });
  assert.equal(Buffer.from(await archive.arrayBuffer()).subarray(0, 2).toString(), 'PK');
  assert.ok(archive.size > photo.length);
});

test('trash, back, and gone', async () => {
  const ids = [id];
  const trashed = heard('on_asset_trash');
  await sdk.deleteAssets({ assetBulkDeleteDto: { ids } });
  assert.deepEqual(await trashed, ids);
  assert.equal((await sdk.getAssetInfo({ id })).isTrashed, true);
  assert.deepEqual(await sdk.getTimeBuckets({ visibility: sdk.AssetVisibility.Timeline }), []);
  const restored = heard('on_asset_restore');
  assert.deepEqual(await sdk.restoreAssets({ bulkIdsDto: { ids } }), { count: 1 });
  assert.deepEqual(await restored, ids);
  assert.equal((await sdk.getAssetInfo({ id })).isTrashed, false);
  await sdk.deleteAssets({ assetBulkDeleteDto: { ids } });
  assert.deepEqual(await sdk.restoreTrash(), { count: 1 });
  await sdk.deleteAssets({ assetBulkDeleteDto: { ids } });
  const erased = heard('on_asset_delete', (gone) => gone === id);
  assert.deepEqual(await sdk.emptyTrash(), { count: 1 });
  await erased;
  await assert.rejects(sdk.getAssetInfo({ id }), (error) => error.status === 400);
  assert.equal((await upload(photo, 'Straße.jpg')).status, 'created');
});
