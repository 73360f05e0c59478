// Microsoft's schema of ARM's documents, as the mappers of their clients have it: arm-network 24.0.0 and arm-compute
// 16.5.0 are of the very api-versions that the agent asks for, so a field that they do not know is none of these.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const NETWORK = require('@azure/arm-network').NetworkManagementMappers;
const COMPUTE = require('@azure/arm-compute').ComputeManagementMappers;

// What Azure sends beside it (tests/data/arm): parts of a resource have their type in Microsoft's schemas since 2021.
const ALSO_SENT = { Subnet: ['type'], NetworkInterfaceIPConfiguration: ['type'] };

// What lies at a path, by the types in it: "networkInterfaces", "virtualNetworks/subnets".
const TYPES = {
  'Microsoft.Network/networkInterfaces': [NETWORK, 'NetworkInterface'],
  'Microsoft.Network/networkInterfaces/ipConfigurations': [NETWORK, 'NetworkInterfaceIPConfiguration'],
  'Microsoft.Network/networkSecurityGroups': [NETWORK, 'NetworkSecurityGroup'],
  'Microsoft.Network/networkSecurityGroups/securityRules': [NETWORK, 'SecurityRule'],
  'Microsoft.Network/networkSecurityGroups/defaultSecurityRules': [NETWORK, 'SecurityRule'],
  'Microsoft.Network/routeTables': [NETWORK, 'RouteTable'],
  'Microsoft.Network/routeTables/routes': [NETWORK, 'Route'],
  'Microsoft.Network/virtualNetworks': [NETWORK, 'VirtualNetwork'],
  'Microsoft.Network/virtualNetworks/subnets': [NETWORK, 'Subnet'],
  'Microsoft.Compute/virtualMachines': [COMPUTE, 'VirtualMachine'],
  'Microsoft.Compute/virtualMachineScaleSets/virtualMachines': [COMPUTE, 'VirtualMachineScaleSetVM'],
  'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces': [NETWORK, 'NetworkInterface'],
  'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces/ipConfigurations':
    [NETWORK, 'NetworkInterfaceIPConfiguration'],
};

function typeOf(id) {
  const [namespace, ...rest] = id.split('/providers/').at(-1).split('/');
  const known = Object.keys(TYPES).find((each) =>
    each.toLowerCase() === [namespace, ...rest.filter((_, place) => place % 2 === 0)].join('/').toLowerCase());
  return { known, isList: rest.length % 2 === 1 };
}

// The mapper's properties as a tree of the names on the wire: "properties.routeTable" lies in "properties".
function treeOf(mapper) {
  const tree = {};
  for (const name of ALSO_SENT[mapper.type.className] ?? []) tree[name] = { property: { type: { name: 'String' } } };
  for (const property of Object.values(mapper.type.modelProperties)) {
    const names = property.serializedName.split(/(?<!\\)\./).map((name) => name.replaceAll('\\.', '.'));
    let node = tree;
    for (const name of names.slice(0, -1)) node = (node[name] ??= { inside: {} }).inside;
    node[names.at(-1)] = { property };
  }
  return tree;
}

function* ofObject(mappers, tree, value, path, open) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    yield `${path}: no object`;
    return;
  }
  for (const [name, part] of Object.entries(value)) {
    const node = tree[name];
    if (node === undefined) {
      if (!open) yield `${path}.${name}: unknown`;
    } else if (node.inside) {
      yield* ofObject(mappers, node.inside, part, `${path}.${name}`);
    } else {
      yield* ofValue(mappers, node.property.type, part, `${path}.${name}`);
    }
  }
  for (const [name, { property }] of Object.entries(tree)) {
    if (property?.required && !(name in value)) yield `${path}.${name}: required, and missing`;
  }
}

function* ofValue(mappers, type, value, path) {
  if (type.name === 'Composite') {
    const mapper = mappers[type.className];
    yield* ofObject(mappers, treeOf(mapper), value, path, mapper.type.additionalProperties);
  } else if (type.name === 'Sequence') {
    if (!Array.isArray(value)) {
      yield `${path}: no list`;
      return;
    }
    for (const [place, each] of value.entries()) {
      yield* ofValue(mappers, type.element.type, each, `${path}[${place}]`);
    }
  } else {
    const wanted = { Boolean: 'boolean', Number: 'number', String: 'string', Enum: 'string' }[type.name];
    if (wanted && typeof value !== wanted) yield `${path}: ${typeof value}, not ${wanted}`;
    const allowed = type.allowedValues;
    if (allowed && !allowed.includes(value)) yield `${path}: ${value} is none of ${allowed}`;
  }
}

// A line for each thing that Microsoft's schema does not know, or misses, in the body served at this path.
export function complaints(id, body) {
  const { known, isList } = typeOf(id);
  if (!known) return [`${id}: of no type that is known here`];
  const [mappers, name] = TYPES[known];
  if (!isList) return [...ofObject(mappers, treeOf(mappers[name]), body, name)];
  const { value, ...others } = body;
  const unknown = Object.keys(others).filter((each) => each !== 'nextLink').map((each) => `${each}: unknown`);
  return [...unknown, ...value.flatMap((each) => [...ofObject(mappers, treeOf(mappers[name]), each, name)])];
}
