// The ring of one producer and one consumer one writes in C: cursors on cache lines of their own, the other side's cached.
// ring COUNT BATCH CAPACITY: passes the numbers 0 … COUNT - 1 from one thread to another, BATCH at a time.
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
  _Alignas(128) _Atomic uint64_t head;
  uint64_t seen_tail;
  _Alignas(128) _Atomic uint64_t tail;
  uint64_t seen_head;
  _Alignas(128) uint64_t capacity;
  double *values;
} ring;
static uint64_t count, batch;

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

static uint64_t push(const double *from, uint64_t n) {
  const uint64_t tail = atomic_load_explicit(&ring.tail, memory_order_relaxed);
  if (ring.capacity - (tail - ring.seen_head) < n) ring.seen_head = atomic_load_explicit(&ring.head, memory_order_acquire);
  const uint64_t at = tail & (ring.capacity - 1);
  n = least(least(n, ring.capacity - (tail - ring.seen_head)), ring.capacity - at);
  memcpy(ring.values + at, from, n * sizeof(double));
  atomic_store_explicit(&ring.tail, tail + n, memory_order_release);
  return n;
}

static uint64_t pop(double *into, uint64_t n) {
  const uint64_t head = atomic_load_explicit(&ring.head, memory_order_relaxed);
  if (ring.seen_tail - head < n) ring.seen_tail = atomic_load_explicit(&ring.tail, memory_order_acquire);
  const uint64_t at = head & (ring.capacity - 1);
  n = least(least(n, ring.seen_tail - head), ring.capacity - at);
  memcpy(into, ring.values + at, n * sizeof(double));
  atomic_store_explicit(&ring.head, head + n, memory_order_release);
  return n;
}

static void *produce(void *unused) {
  double *values = malloc(batch * sizeof(double));
  for (uint64_t i = 0; i < batch; i++) values[i] = (double)i;
  for (uint64_t sent = 0; sent < count;) sent += push(values + sent % batch, batch - sent % batch);
  free(values);
  return unused;
}

int main(int argc, char **argv) {
  if (argc < 4) return 1;
  count = strtoull(argv[1], 0, 10);
  batch = strtoull(argv[2], 0, 10);
  ring.capacity = strtoull(argv[3], 0, 10);
  ring.values = malloc(ring.capacity * sizeof(double));
  double *values = malloc(batch * sizeof(double));
  pthread_t producer;
  if (pthread_create(&producer, 0, produce, 0)) return 1;
  double total = 0;
  for (uint64_t left = count; left > 0;) {
    const uint64_t n = pop(values, batch);
    for (uint64_t i = 0; i < n; i++) total += values[i];
    left -= n;
  }
  pthread_join(producer, 0);
  const double expected = (double)(count / batch) * ((double)batch * (double)(batch - 1) / 2);
  puts(total == expected ? "in order" : "wrong");
  return total != expected;
}
