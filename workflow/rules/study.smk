# Once per study: settings by section, tables, figures, page.


rule settings:
    output:
        f"{ROOT}/settings/{{section}}.json",
    localrule: True
    params:
        text=section_text,
    message:
        "Settings: {wildcards.section}"
    shell:
        "printf '%s\\n' {params.text:q} > {output:q}"


rule tables:
    input:
        participants=done(),
        settings=settings_of("tables"),
    output:
        steps=f"{ROOT}/tables/steps.tsv",
        contributions=f"{ROOT}/tables/contribution_means.tsv",
        uncertainty=f"{ROOT}/tables/uncertainty.tsv",
        changes=f"{ROOT}/tables/fit_changes.tsv",
        quality=f"{ROOT}/tables/quality.tsv",
        findings=f"{ROOT}/tables/findings.tsv",
        trials=f"{ROOT}/tables/trials.tsv",
    log:
        f"{ROOT}/logs/tables.log",
    benchmark:
        f"{ROOT}/logs/tables.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        study=str(STUDY_FILE),
        version=aqbio.__version__,
    message:
        "Tables of {STUDY.settings.name}"
    shell:
        "aqbio tables {params.study:q} > {log:q} 2>&1"


rule hypotheses:
    input:
        participants=done(),
        trials=rules.tables.output.trials,
        quality=rules.tables.output.quality,
        sheets=HYPOTHESIS_FILES,
        settings=settings_of("hypotheses"),
    output:
        verdicts=f"{ROOT}/tables/verdicts.tsv",
        multiverse=f"{ROOT}/tables/multiverse.tsv",
        partitions=f"{ROOT}/tables/partitions.tsv",
        signs=f"{ROOT}/tables/sign_patterns.tsv",
        athletes=f"{ROOT}/tables/hypotheses_athletes.tsv",
        steps=f"{ROOT}/tables/hypotheses_steps.tsv",
        secondary=f"{ROOT}/tables/secondary.tsv",
        single=f"{ROOT}/tables/single_athletes.tsv",
        power=f"{ROOT}/tables/power.tsv",
        sprints=f"{ROOT}/tables/sprints.tsv",
        deviations=f"{ROOT}/tables/deviations.tsv",
        findings=f"{ROOT}/tables/findings_hypotheses.tsv",
    log:
        f"{ROOT}/logs/hypotheses.log",
    benchmark:
        f"{ROOT}/logs/hypotheses.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        study=str(STUDY_FILE),
        version=aqbio.__version__,
    message:
        "Verdicts of {STUDY.settings.name}"
    shell:
        "aqbio hypotheses {params.study:q} > {log:q} 2>&1"


rule figures:
    input:
        verdicts=rules.hypotheses.output,
        participants=done(),
        steps=rules.tables.output.steps,
        trials=rules.tables.output.trials,
        quality=rules.tables.output.quality,
        settings=settings_of("figures"),
    output:
        figures=f"{ROOT}/figures/figures.json",
        findings=f"{ROOT}/tables/findings_figures.tsv",
    log:
        f"{ROOT}/logs/figures.log",
    benchmark:
        f"{ROOT}/logs/figures.tsv"
    threads: 8  # or as many as there are
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        study=str(STUDY_FILE),
        version=aqbio.__version__,
    message:
        "Figures of {STUDY.settings.name}"
    shell:
        "aqbio figures {params.study:q} --cores {threads} > {log:q} 2>&1"


rule report:
    input:
        figures=rules.figures.output,
        tables=[
            rules.tables.output.steps,
            rules.tables.output.quality,
            rules.tables.output.trials,
            rules.tables.output.findings,
        ],
        verdicts=rules.hypotheses.output,
        settings=settings_of("report"),
    output:
        page=report(PAGE, caption="../report/page.rst", category="Page"),
        findings=f"{ROOT}/tables/findings_report.tsv",
        causes=f"{ROOT}/tables/causes.tsv",
    log:
        f"{ROOT}/logs/report.log",
    benchmark:
        f"{ROOT}/logs/report.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        study=str(STUDY_FILE),
        version=aqbio.__version__,
    message:
        "Page of {STUDY.settings.name}"
    shell:
        "aqbio report {params.study:q} > {log:q} 2>&1"
