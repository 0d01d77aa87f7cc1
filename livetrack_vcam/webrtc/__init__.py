"""What WebRTC needs of us, whoever sends or receives: codecs, packets, peers. Knows no HTTP."""
