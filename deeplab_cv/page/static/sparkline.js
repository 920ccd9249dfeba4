// Rate and latency of the last minute as two lines.

const SECONDS = 60;

export class Sparkline {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.points = [];
  }

  add(rate, latency) {
    this.points.push({rate, latency});
    if (this.points.length > SECONDS) this.points.shift();
    this.draw();
  }

  draw() {
    const {context, canvas: {width, height}} = this;
    const style = getComputedStyle(document.documentElement);
    context.clearRect(0, 0, width, height);
    for (const of of ["latency", "rate"]) {
      const highest = Math.max(1, ...this.points.map(point => point[of] ?? 0)) * 1.15;
      context.beginPath();
      context.lineWidth = 3;
      context.lineJoin = "round";
      context.strokeStyle = style.getPropertyValue(`--${of}`);
      let pen = false;
      this.points.forEach((point, place) => {
        if (point[of] === null) {
          pen = false;
          return;
        }
        const x = width - (this.points.length - 1 - place) * (width / (SECONDS - 1)) - 2;
        const y = height - 3 - (height - 6) * (point[of] / highest);
        if (pen) context.lineTo(x, y);
        else context.moveTo(x, y);
        pen = true;
      });
      context.stroke();
    }
  }
}
