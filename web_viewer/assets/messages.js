/** The words of the page, by language; keys without a translation fall back to English. */

/** @type {Record<string, Record<string, string>>} */
const MESSAGES = {
  en: {
    skip: "Skip to the figures",
    shots: "Shots",
    picture: "Live picture",
    pictureOf: "Live picture of {shot}",
    snapshot: "Save a picture",
    fullscreen: "Full screen",
    retry: "Try now",
    fps: "Frame rate",
    latency: "Latency",
    subject: "Subject",
    zoom: "Zoom",
    obsTitle: "Show it in OBS",
    obsText: "Add a Media Source, untick Local File, and paste this address as Input.",
    streamUrl: "Address of the stream",
    copy: "Copy",
    copied: "Address copied",
    copyByHand: "Press Ctrl+C to copy",
    inputFormat: "Input format",
    buffering: "Network buffering",
    reconnect: "Reconnect delay",
    language: "Language",
    connecting: "Connecting",
    live: "Live",
    lost: "Camera away",
    paused: "Paused",
    away: "Offline",
    awayTitle: "LiveTrack does not answer",
    awayText: "Start it again with livetrack-vcam. Next try in {seconds} s.",
    refusedTitle: "The picture is not available",
    unknownReason: "The connection was cut.",
    saved: "Picture saved",
    notSaved: "No picture to save: {reason}",
    nobody: "Nobody",
    person: "Person {id}",
    face: "Face {id}",
    ball: "Ball",
    group: "{count} people",
    track: "{label} {id}",
  },
  ko: {
    skip: "수치로 건너뛰기",
    shots: "샷",
    picture: "실시간 화면",
    pictureOf: "{shot} 실시간 화면",
    snapshot: "사진 저장",
    fullscreen: "전체 화면",
    retry: "지금 다시 시도",
    fps: "프레임 속도",
    latency: "지연 시간",
    subject: "추적 대상",
    zoom: "확대",
    obsTitle: "OBS에서 보기",
    obsText: "미디어 소스를 추가하고 ‘로컬 파일’을 끈 뒤, 입력란에 이 주소를 붙여 넣으세요.",
    streamUrl: "스트림 주소",
    copy: "복사",
    copied: "주소를 복사했습니다",
    copyByHand: "Ctrl+C를 눌러 복사하세요",
    inputFormat: "입력 형식",
    buffering: "네트워크 버퍼링",
    reconnect: "재연결 대기",
    language: "언어",
    connecting: "연결 중",
    live: "실시간",
    lost: "카메라 없음",
    paused: "일시 정지",
    away: "오프라인",
    awayTitle: "LiveTrack이 응답하지 않습니다",
    awayText: "livetrack-vcam을 다시 실행하세요. {seconds}초 뒤 다시 시도합니다.",
    refusedTitle: "화면을 볼 수 없습니다",
    unknownReason: "연결이 끊겼습니다.",
    saved: "사진을 저장했습니다",
    notSaved: "저장할 화면이 없습니다: {reason}",
    nobody: "없음",
    person: "사람 {id}",
    face: "얼굴 {id}",
    ball: "공",
    group: "{count}명",
    track: "{label} {id}",
  },
};

let language = "en";

/**
 * Teach the page more words.
 * @param {Record<string, Record<string, string>>} words  by language, then by key
 */
export function addMessages(words) {
  for (const [name, table] of Object.entries(words)) Object.assign(MESSAGES[name], table);
}

/** The language to begin with: the visitor's last choice, or the browser's. */
export function preferredLanguage() {
  const wanted = localStorage.getItem("livetrack-language") ?? navigator.language.slice(0, 2);
  return wanted in MESSAGES ? wanted : "en";
}

/**
 * Switch the whole page to a language.
 * @param {string} name
 */
export function setLanguage(name) {
  language = name;
  localStorage.setItem("livetrack-language", name);
  document.documentElement.lang = name;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = text(/** @type {HTMLElement} */ (element).dataset.text ?? "");
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    const words = text(/** @type {HTMLElement} */ (element).dataset.label ?? "");
    element.setAttribute("aria-label", words);
    if (element instanceof HTMLButtonElement) element.title = words;
  }
}

/**
 * The words for a key, with {names} filled in.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function text(key, values = {}) {
  const words = MESSAGES[language][key] ?? MESSAGES.en[key] ?? key;
  return words.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}
