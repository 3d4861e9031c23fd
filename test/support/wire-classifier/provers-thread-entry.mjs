// A thread has its own loaders, and tsx as a flag does not reach a thread's entry file: register it here.
import { register } from 'tsx/esm/api'

register()
await import('./provers-thread.ts')
