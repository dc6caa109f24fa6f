// Sends COUNT events with an official SDK (segment or rudder) to HOST with KEY; prints their message ids as JSON.
const [sdk, host, key, count] = process.argv.slice(2);
const numbers = Array.from({ length: Number(count) }, (_, n) => n);
const event = (n) => ({
  userId: `user-${n % 7}`,
  event: "Visit Recorded",
  properties: { n, note: "añadió ✓", amount: 49.9 },
  messageId: `node-${sdk}-${n}`,
});

async function segment() {
  const { Analytics } = await import("@segment/analytics-node");
  const client = new Analytics({ writeKey: key, host });
  const ids = numbers.map((n) => new Promise((done, fail) =>
    client.track(event(n), (error, context) => (error ? fail(error) : done(context.event.messageId)))));
  const identified = new Promise((done, fail) =>
    client.identify({ userId: "user-1", traits: { email: "alma@example.test" } }, (error, context) =>
      (error ? fail(error) : done(context.event.messageId))));
  await client.closeAndFlush();
  return Promise.all([...ids, identified]);
}

async function rudder() {
  const { default: library } = await import("@rudderstack/rudder-sdk-node");
  const client = new (library.default ?? library)(key, { dataPlaneUrl: host, flushAt: 20, flushInterval: 200 });
  const told = (send) => new Promise((done, fail) => send((error) => (error ? fail(error) : done())));
  const sent = numbers.map((n) => told((then) => client.track(event(n), then)));
  const identify = { userId: "user-1", traits: { email: "alma@example.test" }, messageId: "node-rudder-identify" };
  sent.push(told((then) => client.identify(identify, then)));
  await Promise.all(sent);
  return [...numbers.map((n) => `node-rudder-${n}`), "node-rudder-identify"];
}

console.log(JSON.stringify(await { segment, rudder }[sdk]()));
process.exit(0);
