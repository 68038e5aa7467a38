// A demo on a control plane of its own.
import { findBinary } from '../binaries.ts'
import { startControlPlane } from '../control-plane.ts'
import type { Step } from './demo.ts'
import { makeImages } from '../images/images.ts'
import { freePorts } from '../ports.ts'
import { onPath, tokenSeconds } from './place.ts'

const operatorNamespace = 'topicten-system'

export const startPlane: Step = {
  title: 'Kubernetes control plane',
  async run (demo, say) {
    const { env, options: { node } } = demo
    const image = node === 'containerd' ? (await makeImages(env, say)).workload : undefined
    const plane = await startControlPlane({ env, nodes: node, images: image === undefined ? [] : [image], onProgress: say })
    demo.undo.unshift({ title: 'Stop the control plane', run: () => plane.stop() })
    // The first time ever it is built, which belongs here.
    await findBinary('helm', { env, onProgress: say })
    const kubectl = await onPath('kubectl', env) ? [] : [`alias kubectl=${await findBinary('kubectl', { env })}`]
    const [webhookPort = 0] = await freePorts(1)
    demo.place = {
      operatorNamespace,
      namespace: 'default',
      chart: { values: { 'image.repository': 'topicten', replicas: 0, 'webhook.url': `https://127.0.0.1:${webhookPort}` }, showOnly: [] },
      webhookPort,
      thisMachine: plane.hostAddress,
      image: image?.reference,
      kubectl: plane.kubectl,
      helm: plane.helm,
      credentials: (namespace, name) => plane.serviceAccountKubeconfig(namespace, name, { expiresInSeconds: tokenSeconds }),
      preparation: [`export KUBECONFIG=${plane.kubeconfig}`, ...kubectl]
    }
    await plane.kubectl(['create', 'namespace', operatorNamespace])
  }
}
