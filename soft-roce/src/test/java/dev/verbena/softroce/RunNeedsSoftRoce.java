package dev.verbena.softroce;

import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs a test that needs Soft-RoCE, and prints how its class ended. */
final class RunNeedsSoftRoce {
    private RunNeedsSoftRoce() {}

    public static void main(String[] args) {
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(DiscoverySelectors.selectClass(NeedsSoftRoce.class))
                .build();
        LauncherFactory.create().execute(request, new TestExecutionListener() {
            @Override
            public void executionSkipped(TestIdentifier test, String reason) {
                System.out.println("SKIPPED " + reason);
            }

            @Override
            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                result.getThrowable().ifPresent(thrown -> {
                    Throwable cause = thrown;
                    while (cause.getCause() != null) {
                        cause = cause.getCause();
                    }
                    System.out.println("FAILED " + cause.getMessage());
                });
            }
        });
    }

    /** Must never be entered by those who use this. */
    @SoftRoceTest
    static final class NeedsSoftRoce {
        @Test
        void runs() {
            System.out.println("ENTERED");
        }
    }
}
