/**
 * What the room's page reads, wishes and measures. Types only.
 *
 * @typedef {"H264" | "VP8"} CodecName
 * @typedef {"lowest" | "smooth"} Mode
 *
 * @typedef {object} Rendition
 * @property {number} width
 * @property {number} height
 * @property {number} kbps
 *
 * @typedef {object} RoomInfo  `GET /api/room/<shot>`
 * @property {string} shot
 * @property {[width: number, height: number]} size
 * @property {number} fps
 * @property {CodecName[]} codecs
 * @property {Rendition[]} renditions
 * @property {number} viewers
 * @property {number} max_viewers
 * @property {boolean} full
 * @property {boolean} sound
 * @property {boolean} invited_only
 * @property {{here: string, network: string[]}} [links]
 * @property {RTCIceServer[]} ice_servers
 *
 * @typedef {object} Wish  what a viewer asks for when joining
 * @property {string} name
 * @property {"auto" | CodecName} codec
 * @property {"auto" | number} height  the shorter side of the picture, as in "720p"
 * @property {Mode} mode
 * @property {boolean} sound
 *
 * @typedef {object} Served  what the program sends this viewer
 * @property {CodecName} codec
 * @property {number} width
 * @property {number} height
 * @property {number} kbps
 * @property {Mode} mode
 * @property {number} [viewers]
 * @property {Clock | null} [clock]
 *
 * @typedef {object} Clock  which moment an RTP timestamp means, on the program's clock
 * @property {number} now_ms
 * @property {number} rtp
 * @property {number} capture_ms
 * @property {number} rate  RTP ticks a second
 *
 * @typedef {object} Sample  one second of a connection; null: this browser does not say
 * @property {number | null} packets_lost      since the beginning
 * @property {number | null} packets_received  since the beginning
 * @property {number | null} loss_pct          in this second
 * @property {number | null} nack              since the beginning
 * @property {number | null} keyframe_interval_s
 * @property {number | null} rtt_ms
 * @property {number | null} kbps
 * @property {number | null} jitter_ms
 * @property {number | null} jitter_buffer_ms
 * @property {number | null} decode_ms
 * @property {number | null} fps
 * @property {number | null} width
 * @property {number | null} height
 * @property {number | null} frames_decoded    since the beginning
 * @property {number | null} dropped           since the beginning
 * @property {number | null} freezes           since the beginning
 * @property {number} still_s                 since the picture last moved
 * @property {string | null} decoder
 * @property {string | null} codec
 *
 * @typedef {object} Delay  from the camera to this screen, of the last seconds
 * @property {number} p50_ms
 * @property {number} p95_ms
 * @property {boolean} estimated
 *
 * @typedef {object} Failure  why there is no picture, and what to do about it
 * @property {string} code            see failures.js
 * @property {Record<string, string | number>} values  for the sentence
 * @property {"soon" | "never"} retry
 * @property {boolean} plain          whether the plain picture (MJPEG) may do instead
 * @property {number} [wait_s]        the program's own wish
 */

export {};
