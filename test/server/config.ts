import t from 'tap'
import { ConfigError, readConfig } from '../../server/config.ts'

t.test('defaults are those of a pod in a cluster', async t => {
  t.strictSame(readConfig({ POD_NAME: 'topicten-0' }), {
    kubeconfig: undefined,
    kubeContext: undefined,
    podNamespace: 'topicten-system',
    podName: 'topicten-0',
    watchNamespace: '',
    countdownIntervalMs: 60_000,
    reconcileConcurrency: 16,
    leaderElection: true,
    leaseName: 'topicten',
    leaseDurationMs: 15_000,
    leaseRenewDeadlineMs: 10_000,
    leaseRetryMs: 2_000,
    releaseName: 'topicten',
    installLease: '',
    installLeaseNamespace: 'kube-system',
    installLeaseOwner: '',
    listenAddress: '::',
    httpPort: 8080,
    webhookPort: 9443,
    webhooks: false,
    webhookConfiguration: '',
    webhookService: '',
    webhookExtraNames: [],
    webhookCertDir: undefined,
    certSecret: 'topicten-webhook',
    shutdownDelayMs: 10_000,
    metricsAuth: false,
    logLevel: 'info'
  })
})

t.test('with a kubeconfig nothing waits at the end; an empty variable is unset; fractions are allowed', async t => {
  const config = readConfig({ KUBECONFIG: '/k', COUNTDOWN_INTERVAL_SECONDS: '0.5', HTTP_PORT: '', LEADER_ELECTION: 'false' })
  t.match(config, { kubeconfig: '/k', shutdownDelayMs: 0, countdownIntervalMs: 500, httpPort: 8080, leaderElection: false })
})

const wrong: Record<string, [NodeJS.ProcessEnv, RegExp]> = {
  'guarded metrics without a listener for them': [{ METRICS_AUTH: 'true' }, /METRICS_AUTH needs the TLS listener of the webhooks: set WEBHOOK_CONFIGURATION or WEBHOOK_CERT_DIR/],
  'a word for a number': [{ HTTP_PORT: 'http' }, /HTTP_PORT must be integer: found "http"/],
  'a port that cannot be': [{ HTTP_PORT: '70000' }, /HTTP_PORT must be <= 65535: found "70000"/],
  'an interval of nothing': [{ COUNTDOWN_INTERVAL_SECONDS: '0' }, /COUNTDOWN_INTERVAL_SECONDS must be > 0: found "0"/],
  'an unknown level': [{ LOG_LEVEL: 'loud' }, /LOG_LEVEL must be equal to one of the allowed values: trace, debug.*: found "loud"/],
  'a name that is none': [{ LEASE_NAME: 'Top Ten' }, /LEASE_NAME must match pattern .*: found "Top Ten"/],
  'several at once': [{ HTTP_PORT: 'x', LEADER_ELECTION: 'maybe' }, /HTTP_PORT.*; LEADER_ELECTION|LEADER_ELECTION.*; HTTP_PORT/],
  'a lease that ends before it is renewed': [{ LEASE_DURATION_SECONDS: '5' },
    /LEASE_DURATION_SECONDS must be greater than LEASE_RENEW_DEADLINE_SECONDS.*found 5, 10 and 2/]
}
for (const [name, [environment, message]] of Object.entries(wrong)) {
  t.throws(() => readConfig(environment), { constructor: ConfigError, exitCode: 78, message }, name)
}
