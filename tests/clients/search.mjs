// Searching with Immich's own SDK, in both of its ways.
import assert from 'node:assert/strict';
import test from 'node:test';
import { readFile } from 'node:fs/promises';
import * as sdk from '@immich/sdk';

const { HOST_URL, TOKEN, PHOTOS } = process.env;
sdk.setBaseUrl(`${HOST_URL}/api`);
sdk.setHeaders({ Authorization: `Bearer ${TOKEN}` });

const AMOUNT = 7;
const numbers = (items) => items.map(({ originalFileName }) => Number.parseInt(originalFileName.slice(1)));

test('photos to search', async () => {
  for (let number = 0; number < AMOUNT; number++) {
    const moment = `2023-03-0${number + 1}T12:00:00.000Z`;
    const { id } = await sdk.uploadAsset({
      assetMediaCreateDto: {
        assetData: new File([await readFile(`${PHOTOS}/p${number}.jpg`)], `p${number}.jpg`),
        fileCreatedAt: moment,
        fileModifiedAt: moment,
        isFavorite: number === 3,
      },
    });
    await sdk.updateAsset({ id, updateAssetDto: { description: `Nummer ${number} am Fluß`, rating: (number % 5) + 1 } });
  }
});

test('pages by number, as of old', async () => {
  const found = [];
  for (let page = '1'; page; ) {
    const { assets } = await sdk.searchAssets({ metadataSearchDto: { page: Number(page), size: 3, withExif: true } });
    assert.equal(assets.total, assets.items.length);
    assert.ok(assets.items.every(({ exifInfo }) => exifInfo.description.startsWith('Nummer')));
    found.push(...numbers(assets.items));
    page = assets.nextPage;
  }
  assert.deepEqual(found, [6, 5, 4, 3, 2, 1, 0]);
});

test('a filter, an order and cursors, as of 3.2', async () => {
  const found = [];
  for (let cursor; cursor !== null; ) {
    const { assets } = await sdk.searchAssets({
      metadataSearchDto: {
        filter: { rating: { gte: 2 }, or: [{ description: { like: 'fluss' } }, { description: { like: 'FLUẞ' } }] },
        orderBy: { field: sdk.SearchOrderField.Rating, direction: sdk.AssetOrder.Desc },
        size: 2,
        ...(cursor && { cursor }),
      },
    });
    found.push(...numbers(assets.items));
    cursor = assets.nextCursor;
  }
  assert.deepEqual(found, [4, 3, 2, 6, 1]);
});

test('the two are not mixed', async () => {
  await assert.rejects(
    () => sdk.searchAssets({ metadataSearchDto: { filter: {}, city: 'Rome' } }),
    (error) => sdk.isHttpError(error) && error.status === 400,
  );
});

test('counted, by chance, and the largest', async () => {
  assert.equal((await sdk.searchAssetStatistics({ statisticsSearchDto: { isFavorite: true } })).total, 1);
  const random = await sdk.searchRandom({ randomSearchDto: { size: 3 } });
  assert.equal(new Set(numbers(random)).size, 3);
  const large = await sdk.searchLargeAssets({ size: 2, minFileSize: 1 });
  assert.equal(large.length, 2);
});

test('what there is to search for', async () => {
  const [cities, latest] = await sdk.getExploreData();
  assert.deepEqual([cities.fieldName, cities.items.length], ['exifInfo.city', 0]);
  assert.equal(latest.items.length, AMOUNT);
  assert.deepEqual(await sdk.getAssetsByCity(), []);
  const asked = { $type: sdk.SearchSuggestionType.CameraMake, includeNull: true };
  assert.deepEqual(await sdk.getSearchSuggestions(asked), [null]);
});
