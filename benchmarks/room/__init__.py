"""What the viewer room costs, and how soon its picture is seen: python -m benchmarks.room"""
