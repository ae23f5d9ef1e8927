// The stand-in of Aerospike Cloud, a process of its own on the load's core, and the token issuer beside it. Also the
// ceiling: with UNCHECKED set it is a candidate that answers by itself. Ends with its parent.
import { type AddressInfo, createServer } from 'node:net';
import { CloudAnswers, noCounts } from './cloud-answers.ts';
import { startIssuer } from './issuer.ts';
import { RequestReader } from './request-reader.ts';

const { PORT = '0', SERVICE_TOKEN = '', JWKS, UNCHECKED } = process.env;
const answers = new CloudAnswers(SERVICE_TOKEN, UNCHECKED === undefined);

const server = createServer({ noDelay: true }, (socket) => {
  const reader = new RequestReader();
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    try {
      for (const request of reader.push(chunk)) socket.write(answers.answerTo(request));
    } catch (error) {
      console.error(error);
      socket.destroy();
    }
  });
});

await new Promise<void>((resolve) => server.listen(Number(PORT), '127.0.0.1', resolve));
const issuer = JWKS === undefined ? undefined : await startIssuer(JWKS);

if (process.send !== undefined) {
  process.on('disconnect', () => process.exit());
  // Each question is for what was counted since the last one.
  process.on('message', () => {
    process.send?.({ counts: answers.counts });
    answers.counts = noCounts();
  });
  process.send({ port: (server.address() as AddressInfo).port, issuer });
}
