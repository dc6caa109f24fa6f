# pip install segment-analytics-python
import segment.analytics as analytics

analytics.write_key = "{{key}}"
analytics.host = "{{url}}"

analytics.identify("customer-17", {"email": "alma@example.test", "firstName": "Alma", "language": "es"})
analytics.track("customer-17", "Order Completed", {"order_id": "1001", "total": 49.90, "currency": "EUR"})
analytics.flush()
