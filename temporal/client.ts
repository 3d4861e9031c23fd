import { Client, Connection } from '@temporalio/client'
import type { TemporalAddress } from './address.js'

/**
 * A client for those who serve people: a call fails immediately while Temporal is down, and works within
 * two seconds of its return. (The default repeats calls for a minute, also after the connection was
 * closed, which then ends the process; and gRPC looks for a lost server ever more rarely, up to once
 * in two minutes.) Nothing is connected before the first call. Close it by `client.connection.close()`.
 */
export function openTemporalClient({
  address,
  namespace,
  tls,
  apiKey,
  dataConverter,
}: TemporalAddress): Client {
  const connection = Connection.lazy({
    address,
    tls: tls ?? false,
    ...(apiKey === undefined ? {} : { apiKey }),
    interceptors: [],
    channelArgs: {
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 2000,
    },
  })
  return new Client({
    connection,
    namespace,
    ...(dataConverter === undefined ? {} : { dataConverter }),
  })
}
