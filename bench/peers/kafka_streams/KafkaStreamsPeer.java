import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * The job of bench.workload on Kafka Streams: Processor API, exactly once (v2), one stream thread.
 *
 * <p>Tuned as an expert would: raw bytes up to the processor, Avro read by hand into locals, accounts in a compact
 * variable-length code written to one reused buffer, large fetches and batches, lz4, no logging per record.
 * Arguments are name=value; what it prints are JSON lines that the harness reads (see bench/child.py).
 */
public final class KafkaStreamsPeer {
  static final int WINDOW = 32;
  static final int ORDER = 0, PAYMENT = 1, REFUND = 2;

  /** (document, amount) pairs in one array; accounts have few of them, so a scan beats a map. */
  static final class Items {
    long[] pairs = new long[4];
    int size;

    int find(long document) {
      for (int i = 0; i < size; i += 2) if (pairs[i] == document) return i;
      return -1;
    }

    long amount(int at) { return pairs[at + 1]; }

    void remove(int at) {
      size -= 2;
      pairs[at] = pairs[size];
      pairs[at + 1] = pairs[size + 1];
    }

    void add(long document, long amount) {
      if (size == pairs.length) pairs = Arrays.copyOf(pairs, size * 2);
      pairs[size++] = document;
      pairs[size++] = amount;
    }
  }

  /** The last WINDOW event ids of one topic, the oldest first. */
  static final class Ids {
    long[] ids = new long[4];
    int size;

    /** False when the id is there already. */
    boolean remember(long id) {
      for (int i = size - 1; i >= 0; i--) if (ids[i] == id) return false;
      if (size == WINDOW) {
        System.arraycopy(ids, 1, ids, 0, WINDOW - 1);
        ids[WINDOW - 1] = id;
        return true;
      }
      if (size == ids.length) ids = Arrays.copyOf(ids, size * 2);
      ids[size++] = id;
      return true;
    }
  }

  static final class Account {
    long balance, count;
    final Ids[] seen = {new Ids(), new Ids(), new Ids()};
    final Items orders = new Items(), payments = new Items(), refunds = new Items(), differences = new Items();
    final Items[] items = {orders, payments, refunds, differences};
  }

  /** Zigzag varints; ids as differences. Read by bench/peers/kafka_streams/state.py. One thread. */
  static final class AccountSerde implements Serde<Account>, Serializer<Account>, Deserializer<Account> {
    private byte[] out = new byte[4096];
    private byte[] in;
    private int at;

    private void write(long value) {
      long x = (value << 1) ^ (value >> 63);
      while ((x & ~0x7FL) != 0) {
        out[at++] = (byte) (x | 0x80);
        x >>>= 7;
      }
      out[at++] = (byte) x;
    }

    private long read() {
      long x = in[at++];
      if (x < 0) {
        x &= 0x7F;
        int shift = 7;
        long next;
        while ((next = in[at++]) < 0) {
          x |= (next & 0x7F) << shift;
          shift += 7;
        }
        x |= next << shift;
      }
      return (x >>> 1) ^ -(x & 1);
    }

    @Override public byte[] serialize(String topic, Account account) {
      if (account == null) return null;
      int longs = 9 + 3 * WINDOW;
      for (Items items : account.items) longs += items.size;
      if (out.length < 10 * longs) out = new byte[20 * longs];
      at = 0;
      write(account.balance);
      write(account.count);
      for (Ids seen : account.seen) {
        write(seen.size);
        long previous = 0;
        for (int i = 0; i < seen.size; i++) {
          write(seen.ids[i] - previous);
          previous = seen.ids[i];
        }
      }
      for (Items items : account.items) {
        write(items.size);
        for (int i = 0; i < items.size; i++) write(items.pairs[i]);
      }
      return Arrays.copyOf(out, at);
    }

    @Override public Account deserialize(String topic, byte[] data) {
      if (data == null) return null;
      in = data;
      at = 0;
      Account account = new Account();
      account.balance = read();
      account.count = read();
      for (Ids seen : account.seen) {
        int size = (int) read();
        if (size > seen.ids.length) seen.ids = new long[Math.min(WINDOW, size + 4)];
        long previous = 0;
        for (int i = 0; i < size; i++) seen.ids[i] = previous += read();
        seen.size = size;
      }
      for (Items items : account.items) {
        int size = (int) read();
        if (size > items.pairs.length) items.pairs = new long[size + 2];
        for (int i = 0; i < size; i++) items.pairs[i] = read();
        items.size = size;
      }
      in = null;
      return account;
    }

    @Override public Serializer<Account> serializer() { return this; }
    @Override public Deserializer<Account> deserializer() { return this; }
    @Override public void configure(Map<String, ?> configs, boolean isKey) {}
    @Override public void close() {}
  }

  static final class Reconcile implements Processor<byte[], byte[], byte[], byte[]> {
    private final String orders, payments;
    private final Marks marks;
    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<byte[], Account> accounts;
    private final byte[] found = new byte[32];
    private byte[] value;
    private int at;

    Reconcile(Map<String, String> arguments, Marks marks) {
      orders = arguments.get("orders");
      payments = arguments.get("payments");
      this.marks = marks;
    }

    @Override public void init(ProcessorContext<byte[], byte[]> given) {
      context = given;
      accounts = given.getStateStore("accounts");
    }

    private long readLong() {
      long x = value[at++];
      if (x < 0) {
        x &= 0x7F;
        int shift = 7;
        long next;
        while ((next = value[at++]) < 0) {
          x |= (next & 0x7F) << shift;
          shift += 7;
        }
        x |= next << shift;
      }
      return (x >>> 1) ^ -(x & 1);
    }

    @Override public void process(Record<byte[], byte[]> record) {
      marks.beforeRecord();
      value = record.value();
      if (value[4] != 1) throw new IllegalStateException("not an event");
      at = 5;
      long id = readLong(), document = readLong(), amount = readLong();
      readLong(); // currency
      readLong(); // occurred_at
      String topic = context.recordMetadata().orElseThrow().topic();
      int kind = topic.equals(orders) ? ORDER : topic.equals(payments) ? PAYMENT : REFUND;
      byte[] key = record.key();
      Account account = accounts.get(key);
      if (account == null) account = new Account();
      account.count++;
      if (account.seen[kind].remember(id)) {
        if (kind == ORDER) order(account, record, document, amount);
        else if (kind == PAYMENT) payment(account, record, document, amount);
        else refund(account, record, document, amount);
      }
      accounts.put(key, account);
      if (marks.afterRecord()) context.commit();
    }

    private void order(Account account, Record<byte[], byte[]> record, long document, long amount) {
      account.balance += amount;
      int paid = account.payments.find(document);
      if (paid < 0) { account.orders.add(document, amount); return; }
      long difference = amount - account.payments.amount(paid);
      account.payments.remove(paid);
      if (difference != 0) differ(account, record, document, difference);
    }

    private void payment(Account account, Record<byte[], byte[]> record, long document, long amount) {
      account.balance -= amount;
      int ordered = account.orders.find(document);
      if (ordered < 0) { account.payments.add(document, amount); return; }
      long difference = account.orders.amount(ordered) - amount;
      account.orders.remove(ordered);
      if (difference != 0) differ(account, record, document, difference);
    }

    private void refund(Account account, Record<byte[], byte[]> record, long document, long amount) {
      account.balance += amount;
      if (document == 0) return;
      int standing = account.differences.find(document);
      if (standing >= 0 && account.differences.amount(standing) + amount == 0) {
        account.differences.remove(standing);
        emit(record, 1, document, -amount);
      } else account.refunds.add(document, amount);
    }

    private void differ(Account account, Record<byte[], byte[]> record, long document, long difference) {
      emit(record, 0, document, difference);
      int clearing = account.refunds.find(document);
      if (clearing >= 0 && account.refunds.amount(clearing) + difference == 0) {
        account.refunds.remove(clearing);
        emit(record, 1, document, difference);
      } else account.differences.add(document, difference);
    }

    private void emit(Record<byte[], byte[]> record, int action, long document, long difference) {
      Arrays.fill(found, 0, 4, (byte) 0);
      found[4] = 2;
      found[5] = (byte) (action << 1);
      int end = 6;
      for (long field : new long[] {document, difference}) {
        long x = (field << 1) ^ (field >> 63);
        while ((x & ~0x7FL) != 0) {
          found[end++] = (byte) (x | 0x80);
          x >>>= 7;
        }
        found[end++] = (byte) x;
      }
      context.forward(record.withValue(Arrays.copyOf(found, end)));
    }
  }

  /** Says when the first and the first warm record came and when the last was processed. */
  static final class Marks {
    private final long total, warmAt;
    private long seen;
    volatile boolean processed;

    Marks(long total, long warmAt) {
      this.total = total;
      this.warmAt = warmAt;
    }

    void beforeRecord() {
      if (seen == 0) say("first", "");
      if (seen == warmAt) say("warm", ",\"seen\":" + seen);
    }

    /** True once: after the last record. */
    boolean afterRecord() {
      if (++seen != total) return false;
      processed = true;
      return true;
    }

    static void say(String mark, String more) {
      System.out.println("{\"mark\":\"" + mark + "\",\"at_ns\":" + now() + more + "}");
      System.out.flush();
    }

    /** Unix time in nanoseconds, of the same clock as the harness's. */
    static long now() {
      java.time.Instant now = java.time.Instant.now();
      return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }
  }

  static Properties properties(Map<String, String> arguments) {
    Properties p = new Properties();
    p.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments.get("app_id"));
    p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments.get("bootstrap_servers"));
    p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, Long.parseLong(arguments.get("commit_ms")));
    p.put(StreamsConfig.STATE_DIR_CONFIG, arguments.get("state_dir"));
    p.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, Long.parseLong(arguments.get("cache_bytes")));
    p.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    p.put(StreamsConfig.POLL_MS_CONFIG, 20L);
    p.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, -1L); // interleave as it comes: the job does not need more
    p.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 20_000);
    p.put(StreamsConfig.METRICS_RECORDING_LEVEL_CONFIG, "INFO");
    p.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    p.put(StreamsConfig.consumerPrefix("max.poll.records"), 10_000);
    p.put(StreamsConfig.consumerPrefix("max.partition.fetch.bytes"), 2 << 20);
    p.put(StreamsConfig.consumerPrefix("fetch.max.bytes"), 64 << 20);
    p.put(StreamsConfig.consumerPrefix("receive.buffer.bytes"), 1 << 20);
    p.put(StreamsConfig.consumerPrefix("check.crcs"), false);
    p.put(StreamsConfig.restoreConsumerPrefix("max.poll.records"), 20_000);
    p.put(StreamsConfig.restoreConsumerPrefix("max.partition.fetch.bytes"), 4 << 20);
    p.put(StreamsConfig.producerPrefix("compression.type"), "lz4");
    p.put(StreamsConfig.producerPrefix("batch.size"), 256 << 10);
    p.put(StreamsConfig.producerPrefix("linger.ms"), Math.min(20, Long.parseLong(arguments.get("commit_ms")) / 2));
    p.put(StreamsConfig.producerPrefix("buffer.memory"), 128L << 20);
    p.put(StreamsConfig.producerPrefix("send.buffer.bytes"), 1 << 20);
    p.put("session.timeout.ms", 10_000);
    return p;
  }

  static Topology topology(Map<String, String> arguments, Marks marks) {
    var bytes = Serdes.ByteArray();
    Topology topology = new Topology();
    topology.addSource("events", bytes.deserializer(), bytes.deserializer(),
        arguments.get("orders"), arguments.get("payments"), arguments.get("refunds"));
    topology.addProcessor("reconcile", () -> new Reconcile(arguments, marks), "events");
    var supplier = arguments.get("store").equals("rocksdb")
        ? Stores.persistentKeyValueStore("accounts") : Stores.inMemoryKeyValueStore("accounts");
    // One stream thread, so one serde with one buffer serves all partitions.
    StoreBuilder<KeyValueStore<byte[], Account>> store =
        Stores.keyValueStoreBuilder(supplier, bytes, new AccountSerde()).withLoggingEnabled(Map.of());
    topology.addStateStore(
        arguments.get("cache_bytes").equals("0") ? store.withCachingDisabled() : store.withCachingEnabled(), "reconcile");
    topology.addSink("findings", arguments.get("findings"), bytes.serializer(), bytes.serializer(),
        (topic, key, value, partitions) -> Optional.empty(), "reconcile");
    return topology;
  }

  public static void main(String[] given) throws Exception {
    Map<String, String> arguments = new HashMap<>();
    for (String argument : given) {
      String[] parts = argument.split("=", 2);
      arguments.put(parts[0], parts[1]);
    }
    long total = Long.parseLong(arguments.get("total"));
    Marks marks = new Marks(total, Long.parseLong(arguments.get("warm_at")));
    KafkaStreams streams = new KafkaStreams(topology(arguments, marks), properties(arguments));
    streams.setUncaughtExceptionHandler(error -> {
      error.printStackTrace();
      Runtime.getRuntime().halt(3);
      return null;
    });
    Restoring restoring = new Restoring();
    streams.setGlobalStateRestoreListener(restoring);
    streams.setStateListener((now, before) -> {
      if (now == KafkaStreams.State.RUNNING) restoring.say();
    });
    streams.start();
    if (total > 0) {
      while (!marks.processed) Thread.sleep(1);
      awaitCommitted(arguments, total);
      Marks.say("done", "");
    }
    System.in.transferTo(java.io.OutputStream.nullOutputStream()); // until the harness closes it
    streams.close(java.time.Duration.ofSeconds(10));
    Runtime.getRuntime().halt(0);
  }

  static void awaitCommitted(Map<String, String> arguments, long total) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", arguments.get("bootstrap_servers")))) {
      while (true) {
        var offsets = admin.listConsumerGroupOffsets(arguments.get("app_id")).partitionsToOffsetAndMetadata().get();
        long committed = 0;
        for (var offset : offsets.values()) if (offset != null) committed += offset.offset();
        if (committed >= total) return;
        Thread.sleep(2);
      }
    }
  }

  static final class Restoring implements StateRestoreListener {
    private long began, ended, records;

    @Override public synchronized void onRestoreStart(TopicPartition p, String store, long first, long last) {
      if (began == 0) began = System.nanoTime();
    }

    @Override public void onBatchRestored(TopicPartition p, String store, long last, long count) {}

    @Override public synchronized void onRestoreEnd(TopicPartition p, String store, long count) {
      ended = System.nanoTime();
      records += count;
    }

    synchronized void say() {
      long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
      Marks.say("running", ",\"restored\":" + records + ",\"restore_ns\":" + (ended - began) + ",\"heap\":" + heap);
    }
  }
}
