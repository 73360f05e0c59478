// Answers commands until standard input ends, one at a time and a line of JSON each: {"name": …, "arguments": […]} in,
// {"value": …} out, or {"error": {…}} with what a program that uses these clients would branch on.
import { createInterface } from 'node:readline';

function described(error) {
  const { code, statusCode, message, body, response } = error;
  return {
    name: error.constructor.name, code, statusCode, message: String(message),
    retry_after: response?.headers?.get?.('retry-after'), ...(typeof body === 'string' ? { body } : {}),
  };
}

export async function serve(commands) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { name, arguments: given } = JSON.parse(line);
    let answer;
    try {
      answer = { value: (await commands[name](...given)) ?? null };
    } catch (error) {
      answer = { error: described(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}
