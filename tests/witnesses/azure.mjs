// Microsoft's clients at the addresses that they have built in: 169.254.169.254 and management.azure.com.
import { ComputeManagementClient } from '@azure/arm-compute';
import { NetworkManagementClient } from '@azure/arm-network';
import { ServiceClient, createSerializer } from '@azure/core-client';
import { DefaultAzureCredential, ManagedIdentityCredential } from '@azure/identity';
import { complaints } from './mappers.mjs';
import { serve } from './commands.mjs';

const ARM = 'https://management.azure.com';
const SCOPE = `${ARM}/.default`;
const credential = new ManagedIdentityCredential();

async function tokenOf(asked) {
  const { token, expiresOnTimestamp } = await asked.getToken(SCOPE);
  const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
  return { ...claims, seconds_left: (expiresOnTimestamp - Date.now()) / 1000 };
}

// "networkInterfaces.get" of a client, with its arguments.
function called(client, operation, given) {
  const [group, method] = operation.split('.');
  return client[group][method](...given);
}

async function pagesOf(client, operation, given) {
  const pages = [await called(client, operation, given)];
  while (pages.at(-1).nextLink) pages.push(await called(client, `${operation}Next`, [pages.at(-1).nextLink]));
  return pages;
}

// Today's pipeline, which every newer package of Microsoft's is made of: its retries and its RestError.
const today = new ServiceClient({ credential, credentialScopes: SCOPE, endpoint: ARM });
const ANY = { type: { name: 'any' } };
const ERROR = { type: { name: 'Composite', className: 'ErrorResponse', modelProperties: {
  error: { serializedName: 'error', type: { name: 'Composite', className: 'ErrorDetail', modelProperties: {
    code: { serializedName: 'code', required: true, type: { name: 'String' } },
    message: { serializedName: 'message', required: true, type: { name: 'String' } } } } } } } };

function getOf(id, version) {
  const path = { parameterPath: 'id', skipEncoding: true, mapper: { serializedName: 'id', type: { name: 'String' } } };
  const query = { parameterPath: 'version', mapper: { serializedName: 'api-version', type: { name: 'String' } } };
  return today.sendOperationRequest({ id, version }, {
    httpMethod: 'GET', path: '{id}', baseUrl: ARM, urlParameters: [path], queryParameters: [query],
    responses: { 200: { bodyMapper: ANY }, default: { bodyMapper: ERROR } }, serializer: createSerializer() });
}

await serve({
  token: (options = {}) => tokenOf(new ManagedIdentityCredential(options)),
  default_token: (options = {}) => tokenOf(new DefaultAzureCredential(options)),
  network: (subscription, operation, ...given) =>
    called(new NetworkManagementClient(credential, subscription), operation, given),
  network_pages: (subscription, operation, ...given) =>
    pagesOf(new NetworkManagementClient(credential, subscription), operation, given),
  compute: (subscription, operation, ...given) =>
    called(new ComputeManagementClient(credential, subscription), operation, given),
  get: getOf,
  // What is wrong with the body that is served at a path, by Microsoft's schema of its type.
  complaints: async (id, version) => complaints(id, await getOf(id, version)),
});
