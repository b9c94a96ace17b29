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


rule steps:
    input:
        contributions=manifests("contributions"),
        evidence=manifests("evidence"),
        registry=REGISTRY_FILES,
        settings=settings_of("steps"),
    output:
        steps=f"{ROOT}/tables/steps.tsv",
        contributions=f"{ROOT}/tables/contributions.tsv",
        curves=f"{ROOT}/tables/step_curves.nc",
        quality=f"{ROOT}/tables/quality.tsv",
        findings=f"{ROOT}/tables/findings.tsv",
        trials=f"{ROOT}/tables/trials.tsv",
    log:
        f"{ROOT}/logs/steps.log",
    benchmark:
        f"{ROOT}/logs/steps.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        study=str(STUDY_FILE),
        version=aqbio.__version__,
    message:
        "Tables of {STUDY.settings.name}"
    shell:
        "aqbio steps {params.study:q} > {log:q} 2>&1"


rule hypotheses:
    input:
        evidence=manifests("evidence"),
        contributions=rules.steps.output.contributions,
        trials=rules.steps.output.trials,
        quality=rules.steps.output.quality,
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
        curves=rules.steps.output.curves,
        steps=rules.steps.output.steps,
        contributions=rules.steps.output.contributions,
        trials=rules.steps.output.trials,
        quality=rules.steps.output.quality,
        prepared=manifests("prepare"),
        scaled=manifests("scale"),
        settings=settings_of("figures"),
    output:
        figures=f"{ROOT}/figures/figures.json",
        findings=f"{ROOT}/tables/findings_figures.tsv",
    log:
        f"{ROOT}/logs/figures.log",
    benchmark:
        f"{ROOT}/logs/figures.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        study=str(STUDY_FILE),
        version=aqbio.__version__,
    message:
        "Figures of {STUDY.settings.name}"
    shell:
        "aqbio figures {params.study:q} > {log:q} 2>&1"


rule report:
    input:
        figures=rules.figures.output,
        tables=[
            rules.steps.output.steps,
            rules.steps.output.quality,
            rules.steps.output.trials,
            rules.steps.output.findings,
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
