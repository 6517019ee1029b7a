package dev.verbena.messaging;

/**
 * How many frames each side may send. A data credit stands for one posted receive; a control credit stands for one of some
 * more, kept for frames that must never wait for data. What is granted never exceeds what is posted.
 *
 * <p>Both sides may run out of data credits and go on, since control frames return them. They cannot both run out of
 * control credits for good: the last one is kept for a frame that returns at least half a window of control credits, the
 * one before it for frames that return credits of any kind (the proof is in docs/wire/messaging.md).
 *
 * <p>Threading: the loop's thread. Hot path.
 */
public final class Credits {
    private static final int KEPT_FOR_RETURNS = 2;
    private static final int DATA_RETURN_MAX = 0xffff;
    private static final int CONTROL_RETURN_MAX = 0xff;

    private final int controlWindow;
    private int window;
    private int peerWindow;
    private int peerControlWindow;

    private int data;
    private int control;
    private int owedData;
    private int owedControl;
    private int grantedData;
    private int grantedControl;

    /** A connection whose peer was told of these windows. */
    public Credits(int window, int controlWindow) {
        this.window = window;
        this.controlWindow = controlWindow;
        this.grantedData = window;
        this.grantedControl = controlWindow;
    }

    /**
     * The peer told its windows: so much may be sent.
     *
     * @param mostData data credits that it grants at a time at most
     */
    public void open(int firstData, int mostData, int controlCredits) {
        peerWindow = mostData;
        peerControlWindow = controlCredits;
        data = firstData;
        control = controlCredits;
    }

    boolean canSendData() {
        return data > 0;
    }

    boolean canSendControl() {
        return control > KEPT_FOR_RETURNS;
    }

    boolean canSendReturn() {
        return control > (2 * owedControl >= controlWindow ? 0 : 1);
    }

    void useData() {
        data--;
    }

    void useControl() {
        control--;
    }

    /** A frame arrived; false when the peer had no credit for it. */
    boolean arrived(boolean isData) {
        return isData ? --grantedData >= 0 : --grantedControl >= 0;
    }

    /** The peer returned credits; false when they are more than it can have. */
    boolean returned(int dataCredits, int controlCredits) {
        data += dataCredits;
        control += controlCredits;
        return data <= peerWindow && control <= peerControlWindow;
    }

    /** A receive that a frame had taken is posted again. */
    void reposted(int dataReceives, int controlReceives) {
        owedData += dataReceives;
        owedControl += controlReceives;
    }

    /** The window has another size from now on: half of it is what is returned without being asked. */
    void window(int credits) {
        window = credits;
    }

    /** Data credits that the peer was told of and has not used. */
    int dataTold() {
        return grantedData;
    }

    /** Data credits that the peer has or is owed. */
    int dataOut() {
        return grantedData + owedData;
    }

    /** Data credits that are owed and not told yet are withdrawn; answers how many. */
    int withdrawOwed(int credits) {
        int withdrawn = Math.min(credits, owedData);
        owedData -= withdrawn;
        return withdrawn;
    }

    /** The peer has given data credits back. */
    void givenBack(int credits) {
        grantedData -= credits;
    }

    /** Gives data credits back to the peer, but for some that are kept; answers how many. */
    int giveBack(int wanted, int kept) {
        int given = Math.clamp(wanted, 0, Math.max(0, data - kept));
        data -= given;
        return given;
    }

    boolean owesHalf() {
        return 2 * owedData >= window || 2 * owedControl >= controlWindow;
    }

    public boolean owesAny() {
        return owedData > 0;
    }

    /** Data credits for the frame about to be sent. */
    int takeOwedData() {
        int taken = Math.min(owedData, DATA_RETURN_MAX);
        owedData -= taken;
        grantedData += taken;
        return taken;
    }

    /** Control credits for the frame about to be sent. */
    int takeOwedControl() {
        int taken = Math.min(owedControl, CONTROL_RETURN_MAX);
        owedControl -= taken;
        grantedControl += taken;
        return taken;
    }

    /** What the peer may send at once. */
    int granted() {
        return grantedData + grantedControl;
    }

    int peerWindow() {
        return peerWindow;
    }

    int data() {
        return data;
    }

    int control() {
        return control;
    }
}
