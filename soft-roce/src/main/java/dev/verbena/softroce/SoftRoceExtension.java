package dev.verbena.softroce;

import dev.verbena.softroce.SoftRoceSearch.Absent;
import dev.verbena.softroce.SoftRoceSearch.Found;
import java.io.IOException;
import java.util.Set;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;

/** What {@link SoftRoceTest} does. */
final class SoftRoceExtension
        implements ExecutionCondition,
                BeforeAllCallback,
                BeforeEachCallback,
                AfterEachCallback,
                AfterAllCallback,
                ParameterResolver {
    private static final Namespace NAMESPACE = Namespace.create(SoftRoceExtension.class);

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        return switch (search(context)) {
            case Found(SoftRoceLab lab) -> ConditionEvaluationResult.enabled(lab.toString());
            case Absent(String reason) -> {
                if ("required".equals(System.getProperty(LabFinder.PROPERTY))) {
                    throw new IllegalStateException("Soft-RoCE is required (-Dsoft-roce=required), but " + reason);
                }
                yield ConditionEvaluationResult.disabled("no Soft-RoCE: " + reason);
            }
        };
    }

    @Override
    public void beforeAll(ExtensionContext context) throws IOException, InterruptedException {
        if (isOutermost(context)) {
            LinkLock lock = LinkLock.take(lab(context).directory(), disturbsLink(context));
            context.getStore(NAMESPACE).put(LinkLock.class, lock);
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        context.getStore(NAMESPACE).put(ContainerProcess.class, processes(context));
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Set<?> before = context.getStore(NAMESPACE).remove(ContainerProcess.class, Set.class);
        for (ContainerProcess process : processes(context)) {
            if (before == null || !before.contains(process)) {
                process.close();
            }
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        if (!isOutermost(context)) {
            return;
        }
        processes(context).forEach(ContainerProcess::close);
        LinkLock lock = context.getStore(NAMESPACE).remove(LinkLock.class, LinkLock.class);
        try {
            if (disturbsLink(context)) {
                lab(context).link().heal();
            }
        } finally {
            if (lock != null) {
                lock.close();
            }
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        return type == SoftRoceLab.class || type == SoftRocePeers.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        SoftRoceLab lab = lab(context);
        if (parameter.getParameter().getType() == SoftRoceLab.class) {
            return lab;
        }
        // In the root's store: closed at the end of the whole run.
        return context.getRoot()
                .getStore(NAMESPACE)
                .getOrComputeIfAbsent(SoftRocePeers.class, key -> new SoftRocePeers(lab), SoftRocePeers.class);
    }

    /** Looked for once in a run, so that all its tests see the same. */
    private static SoftRoceSearch search(ExtensionContext context) {
        return context.getRoot()
                .getStore(NAMESPACE)
                .getOrComputeIfAbsent(SoftRoceSearch.class, key -> SoftRoceLab.search(), SoftRoceSearch.class);
    }

    private static SoftRoceLab lab(ExtensionContext context) {
        return switch (search(context)) {
            case Found(SoftRoceLab lab) -> lab;
            case Absent(String reason) -> throw new IllegalStateException("no Soft-RoCE: " + reason);
        };
    }

    /** The commands that run in the shared containers. */
    private static Set<ContainerProcess> processes(ExtensionContext context) {
        SoftRocePeers peers = context.getRoot().getStore(NAMESPACE).get(SoftRocePeers.class, SoftRocePeers.class);
        return peers == null ? Set.of() : peers.processes();
    }

    /** A nested class shares the lock of the class around it. */
    private static boolean isOutermost(ExtensionContext context) {
        return context.getRequiredTestClass().getEnclosingClass() == null
                || !AnnotationSupport.isAnnotated(
                        context.getRequiredTestClass().getEnclosingClass(), SoftRoceTest.class);
    }

    private static boolean disturbsLink(ExtensionContext context) {
        return AnnotationSupport.findAnnotation(context.getRequiredTestClass(), SoftRoceTest.class)
                .map(SoftRoceTest::disturbsLink)
                .orElse(false);
    }
}
