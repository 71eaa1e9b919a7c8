import { createServer } from 'node:http';

/** The floor: what Node itself takes to read such a body, parse it, and answer 700 bytes of JSON. Nothing is looked up. */
const answer = JSON.stringify({ output: 'x'.repeat(680) });

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    JSON.parse(Buffer.concat(chunks).toString());
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(answer),
    });
    response.end(answer);
  });
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));
