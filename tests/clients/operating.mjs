// What an admin does with Immich's own SDK: queues, jobs, the configuration, accounts.
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import * as sdk from '@immich/sdk';
import { io } from 'socket.io-client';
import { soon } from './soon.mjs';

const { HOST_URL, TOKEN } = process.env;
const headers = { Authorization: `Bearer ${TOKEN}` };
sdk.setBaseUrl(`${HOST_URL}/api`);
sdk.setHeaders(headers);

const socket = io(HOST_URL, { path: '/api/socket.io', transports: ['websocket'], extraHeaders: headers });
after(() => socket.disconnect());

test('every queue is listed, pauses and goes on', async () => {
  const queues = await sdk.getQueues();
  assert.deepEqual(new Set(queues.map(({ name }) => name)), new Set(Object.values(sdk.QueueName)));
  const name = sdk.QueueName.ThumbnailGeneration;
  const isPaused = async () => (await sdk.getQueue({ name })).isPaused;
  const paused = await sdk.updateQueue({ name, queueUpdateDto: { isPaused: true } });
  assert.equal(paused.isPaused, true);
  await soon(async () => assert.equal(await isPaused(), true));
  await soon(async () => assert.equal((await sdk.getQueuesLegacy())[name].queueStatus.isPaused, true));
  await sdk.updateQueue({ name, queueUpdateDto: { isPaused: false } });
  await soon(async () => assert.equal(await isPaused(), false));
  assert.equal(typeof (await sdk.getQueue({ name })).statistics.waiting, 'number');
  assert.ok(Array.isArray(await sdk.getQueueJobs({ name, status: [sdk.QueueJobStatus.Waiting] })));
  const command = { command: sdk.QueueCommand.Start, force: false };
  const started = await sdk.runQueueCommandLegacy({ name, queueCommandDto: command });
  assert.equal(typeof started.jobCounts.active, 'number');
});

test('the configuration is read, written, told to the sockets and put back', async () => {
  const before = await sdk.getAdminConfig();
  const told = new Promise((resolve) => socket.once('on_config_update', resolve));
  await new Promise((resolve) => (socket.connected ? resolve() : socket.once('on_server_version', resolve)));
  const trash = { ...before.trash, days: 12 };
  const written = await sdk.updateAdminConfig({ adminConfigDto: { ...before, trash } });
  assert.equal(written.trash.days, 12);
  await told;
  await soon(async () => assert.equal((await sdk.getServerConfig()).trashDays, 12));
  await soon(async () => assert.equal((await sdk.getUserConfig()).trash.days, 12));
  await soon(async () => assert.deepEqual(await sdk.getConfig(), written));
  assert.deepEqual(await sdk.updateConfig({ adminConfigDto: before }), before);
  await soon(async () => assert.deepEqual(await sdk.getAdminConfig(), before));
  const wrong = { ...before, trash: { ...before.trash, days: -1 } };
  await assert.rejects(sdk.updateAdminConfig({ adminConfigDto: wrong }), (error) => {
    assert.equal(error.status, 400);
    assert.equal(error.data.message, 'Validation failed');
    return true;
  });
  assert.equal(typeof (await sdk.getConfigDefaults()).trash.days, 'number');
});

test('an account is made, changed, removed and brought back', async () => {
  const account = { email: 'Neu@Host.test', name: 'Neu', password: 'correct horse' };
  const made = await sdk.createUserAdmin({ userAdminCreateDto: account });
  assert.equal(made.email, 'neu@host.test');
  const { id } = made;
  const changed = await sdk.updateUserAdmin({ id, userAdminUpdateDto: { quotaSizeInBytes: 5 } });
  assert.equal(changed.quotaSizeInBytes, 5);
  assert.ok((await sdk.deleteUserAdmin({ id, userAdminDeleteDto: {} })).deletedAt);
  assert.equal((await sdk.restoreUserAdmin({ id })).deletedAt, null);
  const usage = (await sdk.getServerStatistics()).usageByUser;
  assert.ok(usage.some(({ userId }) => userId === id));
});
