/** Before sound comes out of this device: whether it stands where the camera's microphone is. */

import { byId } from "../dom.js";

export class SoundQuestion {
  /** The viewer is elsewhere, and wants to hear. */
  onelsewhere = () => {};

  constructor() {
    byId("sound-no").addEventListener("click", () => this.close());
    byId("sound-yes").addEventListener("click", () => {
      this.close();
      this.onelsewhere();
    });
  }

  ask() {
    byId("sound-note").hidden = false;
    // Whoever presses a key too fast stays muted.
    byId("sound-no").focus();
  }

  /** Without an answer, or after one. */
  close() {
    if (byId("sound-note").hidden) return;
    byId("sound-note").hidden = true;
    byId("sound").focus();
  }
}
