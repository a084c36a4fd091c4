// Albums, partners, links, memories, the map and notifications with Immich's own SDK, by two people and a visitor.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after } from 'node:test';
import * as sdk from '@immich/sdk';
import { io } from 'socket.io-client';
import { soon } from './soon.mjs';

const { HOST_URL, TOKEN, OTHER_TOKEN, OTHER_ID, ADMIN_TOKEN, PHOTOS } = process.env;
const as = (token) => ({ headers: { Authorization: `Bearer ${token}` } });
const [other, admin, visitor] = [as(OTHER_TOKEN), as(ADMIN_TOKEN), { headers: { Authorization: undefined } }];
sdk.setBaseUrl(`${HOST_URL}/api`);
sdk.setHeaders({ Authorization: `Bearer ${TOKEN}` });

const socket = io(HOST_URL, {
  path: '/api/socket.io',
  transports: ['websocket'],
  extraHeaders: { Authorization: `Bearer ${OTHER_TOKEN}` },
});
after(() => socket.disconnect());
const heard = (event) =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${event} did not come`)), 20_000);
    socket.once(event, (payload) => {
      clearTimeout(late);
      resolve(payload);
    });
  });
const refused = (status, message) => (error) => {
  assert.equal(error.status, status);
  assert.match(error.data.message, message);
  return true;
};

const ids = [];
let album;

test('photos are there', async () => {
  await heard('on_server_version');
  for (const name of (await readdir(PHOTOS)).sort()) {
    const fileCreatedAt = `2024-05-0${ids.length + 1}T10:00:00.000Z`;
    const assetData = new File([await readFile(join(PHOTOS, name))], name);
    const made = await sdk.uploadAsset({ assetMediaCreateDto: { assetData, fileCreatedAt, fileModifiedAt: fileCreatedAt } });
    ids.push(made.id);
  }
  assert.equal(ids.length, 4);
});

test('an album is made, filled, shared and talked about', async () => {
  const me = await sdk.getMyUser();
  album = await sdk.createAlbum({ createAlbumDto: { albumName: 'Lake', assetIds: ids.slice(0, 2) } });
  assert.deepEqual([album.assetCount, album.shared, album.albumUsers[0].user.id], [2, false, me.id]);
  const added = await sdk.addAssetsToAlbum({ id: album.id, bulkIdsDto: { ids: [ids[2], ids[0]] } });
  assert.deepEqual(added, [{ id: ids[2], success: true }, { id: ids[0], success: false, error: 'duplicate' }]);

  const [told, noted] = [heard('on_album_update'), heard('on_notification')];
  const albumUsers = [{ userId: OTHER_ID, role: sdk.AlbumUserRole.Viewer }];
  await sdk.addUsersToAlbum({ id: album.id, addUsersDto: { albumUsers } });
  assert.equal(await told, album.id);
  assert.equal((await noted).type, sdk.NotificationType.AlbumInvite);
  const [shown] = await sdk.getAllAlbums({ isShared: true }, other);
  assert.deepEqual([shown.id, shown.assetCount, shown.startDate?.slice(0, 10)], [album.id, 3, '2024-05-01']);
  await assert.rejects(
    () => sdk.addAssetsToAlbum({ id: album.id, bulkIdsDto: { ids: [ids[3]] } }, other),
    refused(400, /albumAsset.create/),
  );

  const like = { activityCreateDto: { albumId: album.id, assetId: ids[0], type: sdk.ReactionType.Like } };
  const first = await sdk.createActivity(like, other);
  assert.equal((await sdk.createActivity(like, other)).id, first.id);
  await sdk.createActivity({ activityCreateDto: { albumId: album.id, type: sdk.ReactionType.Comment, comment: 'Blau' } });
  assert.deepEqual(await sdk.getActivityStatistics({ albumId: album.id }), { comments: 1, likes: 1 });
  await sdk.deleteActivity({ id: first.id });

  await sdk.updateAlbumUser({ id: album.id, userId: OTHER_ID, updateAlbumUserDto: { role: sdk.AlbumUserRole.Editor } });
  await sdk.updateAlbumInfo({ id: album.id, updateAlbumDto: { description: 'and hills' } }, other);
  const seen = await sdk.getAlbumInfo({ id: album.id }, other);
  assert.deepEqual([seen.description, seen.contributorCounts.length], ['and hills', 1]);
  const buckets = await sdk.getTimeBuckets({ albumId: album.id }, other);
  assert.deepEqual(buckets.map(({ count }) => count), [3]);
  assert.deepEqual(await sdk.getAlbumMapMarkers({ id: album.id }), []);
  assert.deepEqual(await sdk.getAlbumStatistics(), { owned: 1, shared: 1, notShared: 0 });
});

test('a link with a password, for somebody without an account', async () => {
  const sharedLinkCreateDto = { type: sdk.SharedLinkType.Album, albumId: album.id, password: 'sesame', slug: `lake-${ids[0]}` };
  const link = await sdk.createSharedLink({ sharedLinkCreateDto });
  const { key } = link;
  assert.equal((await sdk.getAlbumInfo({ id: album.id })).hasSharedLink, true);
  await assert.rejects(() => sdk.getMySharedLink({ key }, visitor), refused(401, /Password required/));
  const answer = await fetch(`${HOST_URL}/api/shared-links/login?key=${key}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ password: 'sesame' }),
  });
  assert.equal(answer.status, 201);
  const [cookie] = answer.headers.getSetCookie()[0].split(';');
  const letIn = { headers: { Authorization: undefined, Cookie: cookie } };
  assert.equal((await sdk.getMySharedLink({ slug: sharedLinkCreateDto.slug }, letIn)).album.id, album.id);
  assert.equal((await sdk.getAssetInfo({ id: ids[0], key }, letIn)).id, ids[0]);
  await assert.rejects(() => sdk.getAssetInfo({ id: ids[3], key }, letIn), refused(400, /asset.read/));
  assert.ok((await sdk.downloadAsset({ id: ids[0], key }, letIn)).size > 100);
  const changed = await sdk.updateSharedLink({ id: link.id, sharedLinkEditDto: { allowDownload: false, password: '' } });
  assert.equal(changed.allowDownload, false);
  await assert.rejects(() => sdk.downloadAsset({ id: ids[0], key }, visitor), ({ status }) => status === 404 || status === 403);
  await sdk.removeSharedLink({ id: link.id });
  await assert.rejects(() => sdk.getMySharedLink({ key }, visitor), refused(401, /Invalid share key/));
});

test('single photos by a link that takes uploads', async () => {
  const sharedLinkCreateDto = { type: sdk.SharedLinkType.Individual, assetIds: [ids[3]], allowUpload: true };
  const { id, key } = await sdk.createSharedLink({ sharedLinkCreateDto });
  const moment = '2024-05-09T10:00:00.000Z';
  const assetData = new File([await readFile(join(PHOTOS, '..', 'extra.jpg'))], 'extra.jpg');
  const sent = await sdk.uploadAsset({ key, assetMediaCreateDto: { assetData, fileCreatedAt: moment, fileModifiedAt: moment } }, visitor);
  const mine = await sdk.getMySharedLink({ key }, visitor);
  assert.deepEqual(new Set(mine.assets.map((asset) => asset.id)), new Set([ids[3], sent.id]));
  const removed = await sdk.removeSharedLinkAssets({ id, assetIdsDto: { assetIds: [ids[3]] } });
  assert.deepEqual(removed, [{ assetId: ids[3], success: true }]);
  assert.deepEqual((await sdk.getAllSharedLinks({ id })).map((link) => link.assets.length), [1]);
});

test('partners see the library', async () => {
  await sdk.createPartner({ partnerCreateDto: { sharedWithId: OTHER_ID } });
  const me = await sdk.getMyUser();
  const [partner] = await sdk.getPartners({ direction: sdk.PartnerDirection.SharedWith }, other);
  assert.deepEqual([partner.id, partner.inTimeline], [me.id, false]);
  await sdk.updatePartner({ id: me.id, partnerUpdateDto: { inTimeline: true } }, other);
  const visibility = sdk.AssetVisibility.Timeline;
  const both = await sdk.getTimeBuckets({ withPartners: true, visibility }, other);
  assert.equal(both.reduce((sum, { count }) => sum + count, 0), 5);
  await sdk.removePartner({ id: OTHER_ID });
  await assert.rejects(() => sdk.getAssetInfo({ id: ids[3] }, other), refused(400, /asset.read/));
});

test('memories', async () => {
  const memoryCreateDto = {
    type: sdk.MemoryType.OnThisDay,
    data: { year: 2024 },
    memoryAt: '2024-05-01T00:00:00.000Z',
    assetIds: ids.slice(0, 2),
  };
  const memory = await sdk.createMemory({ memoryCreateDto });
  assert.deepEqual(memory.assets.map(({ id }) => id).sort(), ids.slice(0, 2).sort());
  assert.equal((await sdk.updateMemory({ id: memory.id, memoryUpdateDto: { isSaved: true } })).isSaved, true);
  assert.deepEqual((await sdk.searchMemories({ isSaved: true })).map(({ id }) => id), [memory.id]);
  assert.equal((await sdk.memoriesStatistics({ isSaved: true })).total, 1);
  const [gone] = await sdk.removeMemoryAssets({ id: memory.id, bulkIdsDto: { ids: [ids[0]] } });
  assert.equal(gone.success, true);
  await sdk.deleteMemory({ id: memory.id });
  await assert.rejects(() => sdk.getMemory({ id: memory.id }), refused(400, /memory.read/));
});

test('the map and its places', async () => {
  await sdk.updateAsset({ id: ids[1], updateAssetDto: { latitude: 48.137, longitude: 11.575 } });
  const [marker] = await sdk.getMapMarkers({});
  assert.deepEqual([marker.id, Math.round(marker.lat), Math.round(marker.lon)], [ids[1], 48, 12]);
  assert.deepEqual((await sdk.getAlbumMapMarkers({ id: album.id }, other)).map(({ id }) => id), [ids[1]]);
  assert.deepEqual((await sdk.getMapMarkers({ withSharedAlbums: true }, other)).map(({ id }) => id), [ids[1]]);
  assert.equal((await sdk.reverseGeocode({ lat: 48.137, lon: 11.575 }))[0].country, 'Germany');
});

test('notifications are read and put away', async () => {
  const told = heard('on_notification');
  const notificationCreateDto = { userId: OTHER_ID, title: 'Hello', type: sdk.NotificationType.Custom };
  const made = await sdk.createNotification({ notificationCreateDto }, admin);
  assert.equal((await told).id, made.id);
  const unread = await sdk.getNotifications({ unread: true }, other);
  assert.deepEqual(new Set(unread.map(({ type }) => type)), new Set(['Custom', 'AlbumInvite']));
  await sdk.updateNotifications({ notificationUpdateAllDto: { ids: [made.id], readAt: new Date().toISOString() } }, other);
  assert.ok((await sdk.getNotification({ id: made.id }, other)).readAt);
  await sdk.deleteNotifications({ notificationDeleteAllDto: { ids: unread.map(({ id }) => id) } }, other);
  assert.deepEqual(await sdk.getNotifications({}, other), []);
});

test('the album goes, and its photos stay', async () => {
  await sdk.removeUserFromAlbum({ id: album.id, userId: 'me' }, other);
  await assert.rejects(() => sdk.getAlbumInfo({ id: album.id }, other), refused(400, /album.read/));
  await sdk.deleteAlbum({ id: album.id });
  await soon(async () => assert.deepEqual(await sdk.getAllAlbums({}), []));
  assert.equal((await sdk.getAssetInfo({ id: ids[0] })).id, ids[0]);
});
