// npm install @segment/analytics-node
import { Analytics } from "@segment/analytics-node";

const analytics = new Analytics({ writeKey: "{{key}}", host: "{{url}}" });

analytics.identify({ userId: "customer-17", traits: { email: "alma@example.test", firstName: "Alma", language: "es" } });
analytics.track({ userId: "customer-17", event: "Order Completed", properties: { order_id: "1001", total: 49.9, currency: "EUR" } });
await analytics.closeAndFlush();
