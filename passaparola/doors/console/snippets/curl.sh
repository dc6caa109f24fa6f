curl {{url}}/v1/track -u {{key}}: \
  -H 'Content-Type: application/json' \
  -d '{
    "userId": "customer-17",
    "event": "Order Completed",
    "messageId": "order-1001",
    "properties": {"order_id": "1001", "total": 49.90, "currency": "EUR"}
  }'
