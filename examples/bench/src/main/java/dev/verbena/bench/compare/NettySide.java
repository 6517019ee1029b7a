package dev.verbena.bench.compare;

import dev.verbena.bench.Exchange;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Netty over TCP loopback, as its applications use it: everything happens in a handler on one event loop.
 *
 * <p>Threading: the caller's thread waits for the event loop, to which the state belongs during an operation.
 */
final class NettySide implements Side {
    private static final int TIMEOUT_S = 120;
    private static final int SLOTS = Messages.BUFFER_BYTES / Messages.LARGE_BYTES;

    /** What Netty waits with. */
    enum Transport {
        /** Java's selector. */
        NIO(NioSocketChannel.class, NioServerSocketChannel.class),
        /** epoll by Netty's own library. */
        EPOLL(EpollSocketChannel.class, EpollServerSocketChannel.class),
        /** io_uring by Netty's own library. */
        IO_URING(IoUringSocketChannel.class, IoUringServerSocketChannel.class);

        private final Class<? extends SocketChannel> channel;
        private final Class<? extends ServerSocketChannel> serverChannel;

        Transport(Class<? extends SocketChannel> channel, Class<? extends ServerSocketChannel> serverChannel) {
            this.channel = channel;
            this.serverChannel = serverChannel;
        }

        /** Why it does not work here; null when it does. */
        @Nullable
        Throwable missing() {
            return switch (this) {
                case NIO -> null;
                case EPOLL -> Epoll.unavailabilityCause();
                case IO_URING -> IoUring.unavailabilityCause();
            };
        }

        private IoHandlerFactory handlers() {
            return switch (this) {
                case NIO -> NioIoHandler.newFactory();
                case EPOLL -> EpollIoHandler.newFactory();
                case IO_URING -> IoUringIoHandler.newFactory();
            };
        }
    }

    private final EventLoopGroup group;
    private final Channel channel;
    private final Exchange exchange;
    private final ByteBuf large = Unpooled.directBuffer(Messages.BUFFER_BYTES, Messages.BUFFER_BYTES);
    private boolean whole;
    private long sent;
    private long received;
    private Work work = new Work(0);

    NettySide(Transport transport, Exchange exchange, boolean client) throws IOException, InterruptedException {
        this.exchange = exchange;
        group = new MultiThreadIoEventLoopGroup(1, transport.handlers());
        InetAddress loopback = InetAddress.getLoopbackAddress();
        if (client) {
            int port = Integer.parseInt(exchange.hear());
            channel = new Bootstrap()
                    .group(group)
                    .channel(transport.channel)
                    .option(ChannelOption.TCP_NODELAY, true)
                    .option(ChannelOption.RECVBUF_ALLOCATOR, receiveBuffers())
                    .option(ChannelOption.WRITE_BUFFER_WATER_MARK, waterMark())
                    .handler(new Handler())
                    .connect(loopback, port)
                    .sync()
                    .channel();
        } else {
            BlockingQueue<Channel> accepted = new ArrayBlockingQueue<>(1);
            ChannelFuture listener = new ServerBootstrap()
                    .group(group)
                    .channel(transport.serverChannel)
                    .childOption(ChannelOption.TCP_NODELAY, true)
                    .childOption(ChannelOption.RECVBUF_ALLOCATOR, receiveBuffers())
                    .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, waterMark())
                    .childHandler(new Handler() {
                        @Override
                        public void channelActive(ChannelHandlerContext context) {
                            accepted.add(context.channel());
                        }
                    })
                    .bind(loopback, 0)
                    .sync();
            exchange.say(String.valueOf(((InetSocketAddress) listener.channel().localAddress()).getPort()));
            Channel first = accepted.poll(TIMEOUT_S, TimeUnit.SECONDS);
            if (first == null) {
                throw new IOException("nobody has connected");
            }
            channel = first;
        }
    }

    private static AdaptiveRecvByteBufAllocator receiveBuffers() {
        return new AdaptiveRecvByteBufAllocator(64, 4096, Messages.LARGE_BYTES);
    }

    /** Less is under way than there is memory that large messages rotate in. */
    private static WriteBufferWaterMark waterMark() {
        return new WriteBufferWaterMark(Messages.LARGE_BYTES, 4 * Messages.LARGE_BYTES);
    }

    /** What the event loop is doing: so many messages, of which each end is looked at. */
    private class Work {
        final CompletableFuture<Void> done = new CompletableFuture<>();
        final int bytes;
        private int offset;

        Work(int bytes) {
            this.bytes = bytes;
        }

        void start() {}

        void onWritable() {}

        void onMessage() {}

        /** Looks through what has come; messages may end and begin anywhere in it. */
        final void onBytes(ByteBuf data) {
            long address = data.memoryAddress() + data.readerIndex();
            for (int left = data.readableBytes(); left > 0; ) {
                int part = Math.min(left, bytes - offset);
                Messages.checkPart(address, part, offset, bytes, received + 1, whole);
                address += part;
                left -= part;
                offset += part;
                if (offset == bytes) {
                    offset = 0;
                    received++;
                    onMessage();
                }
            }
        }
    }

    private final class Echo extends Work {
        private final @Nullable Histogram each;
        private int left;
        private long before;

        Echo(int rounds, @Nullable Histogram each) {
            super(Messages.SMALL_BYTES);
            left = rounds;
            this.each = each;
        }

        @Override
        void start() {
            if (each != null) {
                before = System.nanoTime();
            }
            ChannelFuture _ = channel.writeAndFlush(small(), channel.voidPromise());
        }

        @Override
        void onMessage() {
            if (each != null) {
                long now = System.nanoTime();
                each.recordValue(now - before);
                before = now;
            }
            if (--left > 0) {
                ChannelFuture _ = channel.writeAndFlush(small(), channel.voidPromise());
            } else {
                done.complete(null);
            }
        }
    }

    private final class Answer extends Work {
        private int left;

        Answer(int rounds) {
            super(Messages.SMALL_BYTES);
            left = rounds;
        }

        @Override
        void onMessage() {
            ChannelFuture _ = channel.writeAndFlush(small(), channel.voidPromise());
            if (--left == 0) {
                done.complete(null);
            }
        }
    }

    private final class Push extends Work {
        private int left;

        Push(int bytes, int messages) {
            super(bytes);
            left = messages;
        }

        @Override
        void start() {
            onWritable();
        }

        @Override
        void onWritable() {
            while (left > 0 && channel.isWritable()) {
                int batch = Math.min(left, bytes == Messages.SMALL_BYTES ? Messages.BATCH : 1);
                for (int i = 0; i < batch; i++) {
                    ByteBuf message = bytes == Messages.SMALL_BYTES ? small() : large(bytes);
                    left--;
                    if (left == 0) {
                        ChannelFuture _ = channel.write(message).addListener(future -> {
                            if (future.isSuccess()) {
                                done.complete(null);
                            } else {
                                done.completeExceptionally(future.cause());
                            }
                        });
                    } else {
                        ChannelFuture _ = channel.write(message, channel.voidPromise());
                    }
                }
                channel.flush();
            }
        }
    }

    private final class Take extends Work {
        private int left;

        Take(int bytes, int messages) {
            super(bytes);
            left = messages;
        }

        @Override
        void onMessage() {
            if (--left == 0) {
                done.complete(null);
            }
        }
    }

    private ByteBuf small() {
        ByteBuf message = channel.alloc().directBuffer(Messages.SMALL_BYTES).writerIndex(Messages.SMALL_BYTES);
        Messages.write(message.memoryAddress(), Messages.SMALL_BYTES, ++sent, whole);
        return message;
    }

    private ByteBuf large(int bytes) {
        int at = (int) (++sent % SLOTS) * bytes;
        Messages.write(large.memoryAddress() + at, bytes, sent, whole);
        return large.retainedSlice(at, bytes);
    }

    /** Hands what comes to the present work. */
    private class Handler extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf data = (ByteBuf) message;
            try {
                work.onBytes(data);
            } finally {
                data.release();
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            work.onWritable();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            work.done.completeExceptionally(cause);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            work.done.completeExceptionally(new IOException("the other side has closed its connection"));
        }
    }

    @Override
    public void checkWhole(boolean check) {
        whole = check;
    }

    private void run(Work next) throws Exception {
        channel.eventLoop().submit(() -> work = next).get(TIMEOUT_S, TimeUnit.SECONDS);
        exchange.meet();
        channel.eventLoop().execute(next::start);
        next.done.get(TIMEOUT_S, TimeUnit.SECONDS);
    }

    @Override
    public void echo(int rounds, @Nullable Histogram each) throws Exception {
        run(new Echo(rounds, each));
    }

    @Override
    public void answer(int rounds) throws Exception {
        run(new Answer(rounds));
    }

    @Override
    public void push(int bytes, int messages) throws Exception {
        run(new Push(bytes, messages));
    }

    @Override
    public void take(int bytes, int messages) throws Exception {
        run(new Take(bytes, messages));
    }

    @Override
    public void close() {
        channel.close().syncUninterruptibly();
        large.release();
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
