import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OperatorError } from '../operator-error.ts';
import type { Settings } from '../settings.ts';
import { createGate, type GateOptions } from './gate.ts';

/**
 * Opens a gate on every address of the settings, on one port; port 0 means a free one.
 *
 * @param gates takes the gates as they open, for whoever closes them.
 * @returns the port.
 * @throws OperatorError if the port is taken or not ours to take.
 */
export async function listen(settings: Settings, options: GateOptions, gates: Server[]): Promise<number> {
  let { port } = settings;
  for (const host of settings.hosts) {
    const gate = createGate(options);
    try {
      gate.listen(port, host);
      await once(gate, 'listening');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A machine without IPv6 has no ::1, and no need of it.
      if (gates.length > 0 && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) continue;
      throw refusal(code, host, port);
    }
    gates.push(gate);
    port = (gate.address() as AddressInfo).port;
  }
  return port;
}

function refusal(code: string | undefined, host: string, port: number): OperatorError {
  if (code === 'EADDRINUSE') {
    return new OperatorError(`Port ${port} is taken. Stop what uses it, or choose another: PORT=${port + 1} npm start`);
  }
  if (code === 'EACCES')
    return new OperatorError(`Port ${port} is not this user's to take. Choose one above 1023 with PORT.`);
  return new OperatorError(`${host}:${port} cannot be listened on (${code}). Set HOST to an address of this machine.`);
}
