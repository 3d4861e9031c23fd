// For PM2, after `npm run build`: `pm2 start ecosystem.config.cjs --only prover` (or verifier, gpu-worker,
// inference-worker, api).
// Put your own values into the first lines; docs/production.md says what each machine needs. Every option
// of `npx fractal prover --help` and so on can stand here, as on the command line.
const NETUID = 1
const NETWORK = 'finney' // or test, or local with its --subtensor.chain_endpoint
const WALLET_NAME = 'default' // your coldkey's name; only the hotkey has to be on this machine
const WALLET_HOTKEY = 'default'
const AXON_PORT = 8091 // open to the world, TCP
const EXTERNAL_IP = '' // a prover's, and needed: the IP address by which others reach this machine
const EXTERNAL_PORT = AXON_PORT // another where a router or a pod's host maps it
const DATABASE_HOST = '127.0.0.1' // yours: PostgreSQL and Temporal, for all but the prover
const TEMPORAL_ADDRESS = '127.0.0.1:7233'
const GPUS = 1 // of this machine, for gpu-worker

const network = ['--netuid', NETUID, '--subtensor.network', NETWORK]
const wallet = ['--wallet.name', WALLET_NAME, '--wallet.hotkey', WALLET_HOTKEY]
// One line of the file is the password; dev/compose-secrets.sh makes them.
const stores = (user) => [
  ...['--database.host', DATABASE_HOST, '--database.user', `fractal_${user}`],
  ...['--database.password_file', `secrets/database_${user}`],
  ...['--temporal.address', TEMPORAL_ADDRESS],
]

const app = (name, args, more = {}) => ({
  name,
  namespace: 'fractal',
  script: 'dist/cli/fractal.mjs',
  args: [name, ...args].map(String),
  cwd: __dirname,
  // `online` means that it does its work: certifying a GPU's class or waiting for a lease comes before.
  wait_ready: true,
  listen_timeout: 60_000,
  // SIGINT; what runs is ended, or handed back, first.
  kill_timeout: 60_000,
  // 1 s after the first crash, more after each further one, 15 s at most.
  exp_backoff_restart_delay: 1000,
  ...more,
})

module.exports = {
  apps: [
    app('prover', [
      ...network,
      ...wallet,
      ...['--axon.host', '0.0.0.0', '--axon.port', AXON_PORT],
      // Only verifiers may ask: those with a permit of the chain.
      ...['--blacklist.force_verifier_permit', 'true'],
      // Without it the prover does not start: 0.0.0.0 is no address that anybody reaches.
      ...(EXTERNAL_IP === '' ? [] : ['--axon.external_ip', EXTERNAL_IP]),
      ...['--axon.external_port', EXTERNAL_PORT],
    ]),
    app('verifier', [...network, ...wallet, ...stores('worker'), '--health.port', 9091]),
    app('inference-worker', [
      ...network,
      ...wallet,
      ...stores('worker'),
      ...['--inference.port', 8090, '--inference.secret_file', 'secrets/inference'],
      ...['--health.port', 9092],
    ]),
    // One for each GPU: PM2 counts the variable up.
    app('gpu-worker', ['--subtensor.network', NETWORK, ...stores('gpu')], {
      instances: GPUS,
      exec_mode: 'fork',
      env: { CUDA_VISIBLE_DEVICES: 0, CUDA_DEVICE_ORDER: 'PCI_BUS_ID' },
      increment_var: 'CUDA_VISIBLE_DEVICES',
    }),
    app(
      'api',
      [
        ...['--netuid', NETUID, ...stores('api')],
        ...['--inference.url', 'http://127.0.0.1:8090'],
        ...['--inference.secret_file', 'secrets/inference'],
      ],
      // Longer than what streams that run are given to end (--api.drain_seconds, 60).
      { kill_timeout: 75_000 },
    ),
  ],
}
