// Single JPEGs, each asked for when the one before is drawn: works everywhere.

export const name = "JPEG";

export async function works() {
  return true;
}

export class Player {
  // on: see webcodecs.js
  constructor(glass, on) {
    this.on = on;
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", {alpha: false});
    glass.replaceChildren(this.canvas);
  }

  begin() {}

  async take({sinceS, data}) {
    let picture;
    try {
      picture = await createImageBitmap(new Blob([data], {type: "image/jpeg"}));
    } catch (error) {
      this.on.failed(error);
      return;
    }
    const {width, height} = picture;
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.context.drawImage(picture, 0, 0);
    picture.close();
    this.on.took();
    requestAnimationFrame(() => this.on.shown(sinceS, width, height));
  }

  close() {}
}
