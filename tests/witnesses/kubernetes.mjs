// Kubernetes' own client for JavaScript. Argument: a kubeconfig.
import { CoreV1Api, KubeConfig, Watch, makeInformer } from '@kubernetes/client-node';
import { serve } from './commands.mjs';

const NODES = '/api/v1/nodes';
const config = new KubeConfig();
config.loadFromFile(process.argv[2]);
const api = config.makeApiClient(CoreV1Api);

function stranger() {
  const other = new KubeConfig();
  other.loadFromClusterAndUser(config.getCurrentCluster(), { name: 'stranger', token: 'wrong' });
  return other.makeApiClient(CoreV1Api);
}

// What has come and has not been asked for, and who waits for it.
class Events {
  #come = [];
  #waiting = null;

  add(...event) {
    this.#come.push(event);
    this.#waiting?.();
  }

  async next() {
    while (this.#come.length === 0) {
      await new Promise((resolve) => { this.#waiting = resolve; });
    }
    return this.#come.shift();
  }
}

let events = new Events();
let informer;

await serve({
  read: (name) => api.readNode({ name }),
  list: (options) => api.listNode(options ?? {}),
  read_as_a_stranger: (name) => stranger().readNode({ name }),
  remove: (name) => api.deleteNode({ name }),
  pods: () => api.listPodForAllNamespaces(),
  async watch(options) {
    events = new Events();
    const come = events;
    await new Watch(config).watch(NODES, options, (type, object) => come.add(type, object),
      (error) => come.add('END', error && { name: error.constructor.name, message: String(error.message) }));
  },
  async start_informer() {
    events = new Events();
    const come = events;
    informer = makeInformer(config, NODES, () => api.listNode());
    for (const type of ['add', 'update', 'delete']) informer.on(type, (node) => come.add(type, node));
    // Who uses it starts it again (the client's own examples).
    informer.on('error', (error) => {
      come.add('error', { message: String(error?.message) });
      setTimeout(() => informer.start(), 100);
    });
    await informer.start();
  },
  stop_informer: () => informer.stop(),
  next: () => events.next(),
});
