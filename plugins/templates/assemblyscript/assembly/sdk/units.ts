/** A text that grows by the units of UTF-16, without a copy of the whole for each. */
export class Units {
  private room: usize = 64;
  private used: usize = 0;
  private place: usize = heap.alloc(64);

  unit(value: i32): void {
    this.reserve(2);
    store<u16>(this.place + this.used, <u16>value);
    this.used += 2;
  }

  add(text: string): void {
    const bytes = (<usize>text.length) << 1;
    this.reserve(bytes);
    memory.copy(this.place + this.used, changetype<usize>(text), bytes);
    this.used += bytes;
  }

  /** The text. There is nothing left here. */
  taken(): string {
    const text = String.UTF16.decodeUnsafe(this.place, this.used);
    heap.free(this.place);
    this.place = this.room = this.used = 0;
    return text;
  }

  private reserve(bytes: usize): void {
    if (this.used + bytes <= this.room) return;
    this.room = 2 * (this.used + bytes);
    this.place = heap.realloc(this.place, this.room);
  }
}
